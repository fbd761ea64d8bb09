"""What people say for the words of an option besides their labels. Data only; nothing of it is ever shown.

By ``field.word``, parted by blanks, in either language. Only what can mean no other word of that
option: what may mean two (上门 is a repair as well as an installation) stays out, and is answered
with the choices.
"""

from __future__ import annotations

EVERYDAY: dict[str, str] = {
    # what is asked for
    "kind.repair": "报修 修理 上门维修 上门修理 故障报修 fix",
    "kind.install": "装机 新装 新机安装 上门安装 安装调试",
    "kind.inspection": "巡查 检查 点检 定期巡检",
    "kind.complaint": "客诉 客户投诉 抱怨",
    "kind.inquiry": "询问 问询 客户咨询 enquiry question",
    "kind.support": "技术 技术服务 远程支持",
    "channel.phone": "打电话 来电 打来电话 热线 座机 call telephone tel",
    "channel.mail": "邮箱 电邮 电子邮件 发邮件 email e-mail",
    "channel.online": (
        "微信 企业微信 公众号 小程序 钉钉 qq 网络 线上 在线 网站 官网 wechat web website app"
    ),
    "channel.letter": "信 信件 来信 信函 书信 写信",
    "channel.visit": "到店 来店 当面 本人来 亲自来 柜台 walk-in",
    "channel.other": "其它 别的",
    "priority.urgent": "急 加急 特急 很急 急件 着急",
    "priority.normal": "一般 正常 不急 平常 常规",
    # calls and visits
    "result.reached": (
        "接通 接通了 打通 打通了 通了 接了 有人接 联系上 联系上了 联系到了 answered"
    ),
    "result.unreached": (
        "没接通 没打通 打不通 没人接 无人接听 没接 未接 不接 关机 占线 空号 "
        "联系不上 没联系上 no-answer busy"
    ),
    "result.refused": "拒绝了 客户拒绝 不愿意",
    "cover.free": "不收费 不要钱 不收钱 免收 保内 在保 保修期内",
    "cover.paid": "付费 自费 要收费 要钱 有偿 保外 过保 chargeable",
    "cover.declined": "不予受理 拒绝受理 不接单",
    # calls and visits
    "result.fixed": ("修好 修好了 已修复 修复 修复了 好了 搞定 装好了 已装好 安装好了 repaired"),
    "result.by-phone": "电话解决了 电话里解决 电话里解决了 电话处理 远程解决",
    "result.no-fault": "没故障 无故障 没毛病 没坏 未发现故障",
    "result.no-access": "没人 没人在 没人在家 家里没人 没人开门 无人 不在家 客户不在 进不去",
    "result.not-fixed": "没修好 没有修好 没修成 修不好 没好 未修复 没修复",
    "result.parts-needed": "缺配件 缺件 缺零件 等配件 等零件 等件 没配件 待料",
    "result.workshop": "拉回 拉回维修 拉走了 带回 带回维修 带走了 返厂 返厂维修",
    # answers of customers
    "opinion.satisfied": "很满意 非常满意 好评 happy",
    "opinion.basically-satisfied": "比较满意 还行 还可以 还算满意",
    "opinion.dissatisfied": "很不满意 非常不满意 没满意 差评 unsatisfied unhappy",
    "working.yes": "是的 好用 正常 能用 可以用 好使 好了 y",
    "working.no": "不是 不好用 不正常 不能用 用不了 不好使 没好 又坏了 不行 n",
    "third-copy.left": "留了 已留 给了 给客户了 留给客户",
    "third-copy.refused": "不要 没要 客户不要 不收",
    "signed.true": "签了 已签 签字了 已签字",
    "signed.false": "没签 未签 没签字 未签字",
    # complaints and waiting
    "liability.ours": "我方 我们 我们的责任 有责",
    "liability.not-ours": "非我方 不是我们 不是我们的责任 客户责任 无责",
    "severity.minor": "轻 一般 不严重",
    "severity.major": "较严重 比较严重",
    "severity.critical": "很严重 非常严重 特别严重",
    "for.customer": "等客户 顾客 用户 等用户",
    "for.parts": "零件 备件 等配件 等零件 缺件",
    # people
    "role.manager": "经理 客服主管",
    "role.coordinator": "客服 调度 派工员 接线员",
    "role.engineer": "工程师 师傅 维修师傅 维修工 技师 technician",
    "role.store-keeper": "库管 仓管 保管员 材料员 storekeeper",
    "role.clerk": "内勤 文职",
    "role.vice-president": "副总 vp",
    "role.general-manager": "老总 gm",
    # states, and what can happen to a ticket
    "state.new": "新单 新工单 未审核",
    "state.ready": "未派工 可派工 没派工",
    "state.dispatched": "派工 派了",
    "state.on-site": "在现场",
    "state.finished": "完工 修完 做完",
    "state.closed": "关闭 结单 已结 已结单 关单",
    "state.cancelled": "取消 撤单",
    "do.paid": "收款 付款 已付款 收钱 收到钱",
    "do.invoiced": "开票 开发票",
    "do.told": "告知 告知客户 通知客户",
    "do.damaged": "损坏 弄坏",
    "do.investigated": "调查",
    "do.paused": "暂停",
    "do.resumed": "恢复",
    "do.contacted": "联系客户",
    "do.noted": "记一笔",
}
