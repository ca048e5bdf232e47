"""Names of shops, as (English, Chinese): a brand and a trade. All invented."""

import random
from collections.abc import Iterator

# fmt: off
BRANDS = (
    ("Shiguang", "拾光"), ("A-Po", "阿婆"), ("Orange", "橙子"), ("Tang Bao", "汤宝"),
    ("Jin", "金记"), ("Nanhe", "南禾"), ("Fresh", "鲜多"), ("Yimi", "依米"),
    ("Starlight", "星光"), ("Mumu", "木木"), ("Ace", "王牌"), ("Lanting", "兰亭"),
    ("Qingfeng", "清风"), ("Yunshang", "云上"), ("Old Street", "老街"), ("Haoyue", "皓月"),
    ("Chaohui", "朝晖"), ("Rongde", "荣德"), ("Wanli", "万里"), ("Baihe", "百合"),
    ("Jiangnan", "江南"), ("Tongxin", "同心"), ("Fuman", "福满"), ("Little Bear", "小熊"),
    ("Blue Whale", "蓝鲸"), ("Red Maple", "红枫"), ("Songhe", "松鹤"), ("Dongli", "东篱"),
    ("Xinyi", "欣怡"), ("Meijia", "美佳"), ("Lvye", "绿野"), ("Haitang", "海棠"),
    ("Zhixiang", "纸香"), ("Mochi", "墨池"), ("Ruyi", "如意"), ("Yinhe", "银河"),
    ("Chunjiang", "春江"), ("Taoli", "桃李"), ("Huanxi", "欢喜"), ("Beichen", "北辰"),
)
TRADES = {
    "shop": (
        ("Optics", "眼镜"), ("Tailor", "裁缝"), ("Stationery", "文具"), ("Flowers", "花店"),
        ("Phone Repair", "手机维修"), ("Hardware", "五金"), ("Books", "书屋"), ("Shoes", "鞋业"),
        ("Kids' Wear", "童装"), ("Tea", "茶行"), ("Pharmacy", "药房"), ("Jewellery", "珠宝"),
        ("Home Textiles", "家纺"), ("Toys", "玩具"), ("Sports", "运动"), ("Hair Studio", "美发"),
        ("Nails", "美甲"), ("Laundry", "洗衣"), ("Lamps", "灯饰"), ("Luggage", "箱包"),
    ),
    "restaurant": (
        ("Coffee", "咖啡"), ("Kitchen", "小馆"), ("Noodles", "面馆"), ("Hot Pot", "火锅"),
        ("Dumplings", "饺子"), ("Bakery", "烘焙"), ("Grill", "烤肉"), ("Milk Tea", "奶茶"),
        ("Congee", "粥铺"), ("Fish House", "鱼庄"),
    ),
    "office": (
        ("Design", "设计"), ("Travel", "旅行"), ("Accounting", "会计"), ("Law Office", "律师所"),
        ("Training", "培训"), ("Media", "传媒"), ("Trading", "贸易"), ("Software", "软件"),
    ),
}
# fmt: on


def shop_names(trade: str, rng: random.Random) -> Iterator[tuple[str, str]]:
    """This function will yield (English, Chinese) names of a trade, none twice; after all pairs a number is added."""
    pairs = [
        (f"{brand_en} {trade_en}", brand_zh + trade_zh)
        for brand_en, brand_zh in BRANDS
        for trade_en, trade_zh in TRADES[trade]
    ]
    rng.shuffle(pairs)
    yield from pairs
    for number, (english, chinese) in enumerate(pairs, start=2):
        yield f"{english} {number}", f"{chinese}{number}店"
