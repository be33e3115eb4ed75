"""Words of which synthetic people, units and titles are made. Every unit is invented; `示范` and `示例` mark them."""

from __future__ import annotations


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


SURNAMES = (
    "王王王李李李张张张刘刘陈陈杨杨赵赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
    "苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
)
"""The common ones stand there several times."""
COMPOUND_SURNAMES = _words("欧阳 司马 上官 诸葛 令狐 慕容")
GIVEN = _words(
    "泾川 渭 谷雨 清明 白露 秋分 立夏 小满 惊蛰 春分 霜降 冬至 洛川 汉江 嘉陵 丹江 华山 终南 太白 子午 长河 "
    "远山 云岭 松涛 竹溪 晴川 望舒 星河 明远 思源 知行 致远 书田 墨林 青禾 麦穗 棣 桐 槿 荷 澜 岳 峰 岭 溪 川 "
    "原 野 晨 曦 霁 霖 雪 梅 兰 菊 松 柏"
)
RARE_GIVEN = _words("喆 堃 珺 赟 䶮 昇喆 玥珺 文赟")
DOTTED = _words("阿依努尔·买买提 古丽娜·阿不都 帕尔哈提·艾山 扎西·次仁 卓玛·央金 巴特尔·苏和")
LATIN = ("Maria Sample", "John Q. Example", "Anna Muster", "Pierre Exemple", "Elena Primer")

PLACE_FIRST = "云石泉青松柏竹兰桐枫金银玉星月晨春秋霜雪"
PLACE_SECOND = "川岭河陂台塬峪湾桥湖坪沟滩渡洲屏垣陵麓溪"
UNIT_FORMS = {
    "university": _words("示范大学 理工大学（示范） 医科大学（示范） 农林大学（示范） 师范大学（示范） 能源学院（示范）"),
    "institute": _words("旱区农业研究院（示范） 航天动力研究所（示范） 材料研究所（示范） 水文气象研究所（示范） 地质勘查院（示范）"),
    "enterprise": _words("软件科技公司（示范） 制药公司（示范） 重型机械公司（示范） 电力设备公司（示范） 新材料公司（示范）"),
    "hospital": _words("中心医院（示范） 中医医院（示范） 妇幼保健院（示范）"),
    "venue": _words("科技馆（示范） 植物园（示范） 地质博物馆（示范） 气象站（示范）"),
    "municipal": _words("市科学技术协会（示例）"),
    "county": _words("县科学技术协会（示例）"),
    "devzone": _words("开发区管委会（示例）"),
    "other": _words("中心（示例） 服务站（示例） 联合会（示例）"),
}
SOCIETY_FIELDS = _words(
    "水利 林 药 力 护理 数 物理 化 植物 地质 测绘 土木建筑 机械工程 电机工程 计算机 环境科学 农业机械 "
    "畜牧兽医 园艺 土壤 气象 生态 营养 针灸 心理 遗传 微生物 声 光 焊接 铸造 能源 煤炭 石油 纺织 食品 公路 "
    "航空 宇航 自动化 图象图形 通信 仪器仪表 岩石力学"
)
DEPARTMENTS = _words("教育 水利 农业农村 生态环境 交通运输 自然资源 卫生健康 工业 文化 应急管理 林业 体育")

DISCIPLINES = {
    "science": _words("110 130 140 150 170 180"),
    "agriculture": _words("210 220 230"),
    "medicine": _words("310 320 330 350 360"),
    "engineering": _words("430 440 460 470 480 510 520 530 550 560 570 580 590 610"),
    "crossing": _words("630"),
}
DISCIPLINE_SHARES = {"science": 25, "agriculture": 11, "medicine": 21, "engineering": 38, "crossing": 5}
"""Parts in a hundred of all papers."""
PAPER_OBJECTS = {
    "science": _words(
        "黄土高原小流域 秦岭北麓泥石流 渭河流域氮素 祁连山冰川 沙漠边缘植被 含噪量子系统 高维随机矩阵 稀土配合物 "
        "金丝猴肠道菌群 古土壤序列 大气气溶胶 非线性波动方程"
    ),
    "agriculture": _words("猕猴桃溃疡病 旱作苹果园 冬小麦赤霉病 奶山羊 秦岭冷杉林 设施番茄 盐碱地苜蓿 花椒根系 玉米秸秆还田 食用菌菌渣"),
    "medicine": _words(
        "术后胃肠功能 大骨节病 儿童哮喘 老年衰弱 急性心肌缺血 糖尿病足 早期胃癌 慢性肾病 肺部感染 睡眠障碍 丹参活性成分 针刺镇痛"
    ),
    "engineering": _words(
        "深部煤层冲击地压 低渗透油藏 大型水轮机尾水管 高速铁路桥梁 湿陷性黄土隧道 固体火箭发动机 锂金属电池 "
        "高压直流输电 钛合金焊接接头 苹果采后品质 工业互联网 煤化工废水 风电齿轮箱 沥青路面"
    ),
    "crossing": _words("区域创新网络 科技人才流动 碳排放交易 数字乡村 公共卫生应急 科研诚信教育"),
}
PAPER_METHODS = _words(
    "多源遥感识别 同位素示踪 尺度特征 界面行为 微震前兆 压力脉动 抗性基因定位 水碳耦合 随机对照试验 数值模拟 "
    "深度学习预测 多场耦合机理 时空演化 风险评估 调控机制 原位监测 优化设计 损伤演化 谱分析 稳定性 图像识别 "
    "代谢组学 长期定位试验 敏感性分析"
)
PAPER_ENDS = _words("研究 方法 及其应用 的理论与试验 与模型 的影响因素 新进展与验证 关键技术")
JOURNALS = tuple(
    f"示例{name}学报" for name in _words("自然科学 农业 林业 医学 药学 力学 地质 机械 电工 化工 土木 水利 能源 材料 计算机 环境")
)

WORK_SUBJECTS = _words(
    "口罩 体温计 洗手液 村口的喇叭 一米距离 显微镜 种子 星空 蚯蚓 雨滴 黄河水 老井 风筝 蜜蜂 稻草人 温度 "
    "隔离窗 送药的路 听诊器 彩虹 秦岭 朱鹮 麦田 火箭 月球 影子 电线杆 灯塔 脚印 罗盘"
)
WORK_FORMS = _words("的自述 奇遇记 的秘密 七步 小课堂 与我 之歌 日记 的旅行 在行动 十二时辰 说科学 的约定 里的春天 变奏 来信")
TEAM_FIELDS = _words(
    "农技推广 健康科普 防灾减灾 青少年科学营 天文观测 节水灌溉 航空航天 中医药 食品安全 生态保护 信息技术 机器人 地质科考 护航成长"
)
ETHNIC = _words("汉族 汉族 汉族 汉族 回族 维吾尔族 藏族 蒙古族")
POSTS = _words("系主任 研究室主任 技术总监 副院长 所长 科室主任 项目负责人 教研室主任 站长 工程师")
TITLES = _words("教授 研究员 主任医师 正高级工程师 副教授 副研究员 高级工程师 副主任医师")
DEGREES = _words("博士 硕士 本科")
SENTENCES = _words(
    "长期在一线开展{topic}工作，积累了完整的观测资料。 "
    "提出了面向{topic}的新方法，并在三个示范点得到验证。 组织团队走进社区和乡村，受到群众好评。 "
    "成果已在示例省多地推广，取得良好效益。 建立了{topic}的指标体系，为决策提供了依据。 "
    "坚持公益服务，带动更多同事参与。 用通俗的语言讲清科学道理，作品贴近生活。 "
    "克服资料不足的困难，形成了可复制的做法。"
)
PAPER_SENTENCES = _words(
    "单点观测难以反映{topic}的差异。 本文在六个示范点取得连续三年的观测值。 观测值按月取均值，差异按示范点分析。 "
    "分析表明，{topic}的差异连续三年减小。 示范点的均值表明，本文方法难以反映单月的差异。 本文方法的差异按月减小。"
)
"""Few different characters, so that the documents stay small."""
