"""Words of the trade that more than one step of the reader asks for.

They are words of office Chinese, never the name of a place or a bureau: a notice from anywhere is
read with the same list.
"""

from __future__ import annotations

import re

#: What the name of a body ends in: 股 科 处 大队 中心 …
UNIT_END = re.compile(
    r"(?:股室?|科室|科|处室?|室|大队|支队|总队|中队|队|中心|站|所|局|委员会|委|办公室|办|公司|集团"
    r"|单位|部门|企业|机构|政府|街道|乡镇|镇|乡|支部|党组|党委|机关|专班|小组|工会|团委|段|院|校|学校"
    r"|协会|厅|部|区县?|县区?|市|园区|管委会|办事处|服务区|码头|场站|项目部|指挥部|业主|运营商|人)"
    r"(?:（[^（）]{1,12}）)?$"
)
#: Words that open a demand 要求: a verb that a bureau uses for work to be done.
VERBS = (
    "把|将|按|按照|依托|依法|结合|对|加强|加大|加快|开展|推进|推动|推行|推广|落实|建立|健全|完善|强化"
    "|深化|严格|严禁|严把|严查|严厉|督促|指导|组织|督导|坚持|坚决|持续|继续|定期|及时|全面|深入|扎实"
    "|大力|积极|切实|着力|着眼|配合|会同|联合|实行|实施|执行|制定|制订|编制|修订|出台|印发|成立|完成"
    "|探索|做好|做实|抓好|运用|利用|用好|用足|运行|优化|提升|提高|巩固|规范|整治|打击|查处|排查|检查"
    "|巡查|抽查|检测|监测|监控|报送|上报|报告|报|公布|通报|曝光|约谈|召开|举办|参加|学习|宣传|普及"
    "|培训|考核|评估|审查|审核|备案|登记|建设|建成|改造|升级|安装|配备|储备|更新|清理|取缔|关停|移送"
    "|压实|明确|细化|分解|研究|分析|研判|会商|调度|值班|值守|响应|处置|演练|总结|汇总|牵头|负责|协调"
    "|保障|确保|防范|遏制|杜绝|消除|化解|管控|治理|拓展|构建|打造|统筹|贯彻|通过|根据|依据|聚焦|突出"
    "|充分|发挥|不断|稳步|有序|分级|分类|常态化|逐步|重点|进一步|认真|主动|广泛|密切|畅通|整合|梳理"
    "|摸排|摸清|核查|核对|督办|挂牌|跟踪|更换|设置|增设|维护|养护|修复|鼓励|引导|支持|选派|邀请|聘请"
)
VERB_START = re.compile(rf"(?:{VERBS})")
#: Words of duty inside a sentence.
MUST = re.compile(
    r"要(?!点|求|害|素|件|闻)|应当|应(?!急|用|对|对性)|须|不得|严禁|禁止|必须|务必|请"
)
#: Duties that are clauses of their own beside a dated one in the same sentence.
OWN_DUTY = re.compile(
    r"^(?:并|同时|以及)?(?:实行|建立|健全|完善|制定|出台|成立|开展|组织开展|全面深入开展|按要求组织"
    r"|打击|严厉打击|依法查处|督促|指导|督促指导|定期|推行|推进|深化|探索|配备|落实|加强|强化|打造|公开|公布"
    r"|对[^，]{2,24}(?:实行|开展|组织|设置|进行))"
)
#: Work without an end.
ONGOING = re.compile(
    r"常态化|持续|长期|不间断|经常性|全年(?!\D{0,4}[至不])|全过程|全覆盖|定期|不定期|及时|动态"
)
#: Groups that a person has to expand 需人工展开.
GROUP = re.compile(r"各|有关|相关|成员单位|属地|等单位|等部门|各级|全体|局属单位|委属单位")
