"""The sheets of the estate workbook and their columns: one table for template, reader, checks and export."""

from dataclasses import dataclass
from enum import StrEnum

from prewatt.kernel.money import MINOR_DIGITS
from prewatt.reports.estate_sheet import BAUDS, METERS_A_BUS_MAX, PARITIES


class Cell(StrEnum):
    """How a cell is written and read."""

    TEXT = "text"
    CHOICE = "choice"
    INTEGER = "integer"
    MONEY = "money"
    PRICE = "price"
    KWH = "kwh"
    AREA = "area"
    DATE = "date"
    INSTANT = "instant"
    ADDRESS = "address"
    PASSWORD = "password"  # noqa: S105 - a kind of cell, not a secret


@dataclass(frozen=True, slots=True)
class Column:
    """A column: the field it fills, its two headings, what is expected and an example."""

    field: str
    english: str
    chinese: str
    cell: Cell
    example: object
    note: str = ""
    required: bool = False
    choices: tuple[str, ...] = ()
    width: int = 14
    chars_max: int = 40

    @property
    def heading(self) -> str:
        """This property will hold the heading as the workbook shows it."""
        return f"{self.english} {self.chinese}"


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet: its name, what it is for, and its columns."""

    name: str
    chinese: str
    purpose: str
    columns: tuple[Column, ...]

    def column(self, field: str) -> Column:
        """This method will return the column that fills a field."""
        return next(one for one in self.columns if one.field == field)


USES = ("tenant", "common", "master")
RELAYS = ("internal", "external", "none")
CUSTOMER_KINDS = ("company", "person", "operator")
PAYMENT_MODES = ("prepaid", "own_use")
LANGUAGES = ("zh-hans", "en")
DAY_KINDS = ("holiday", "workday")
DAY_TYPES = ("workday", "weekend", "holiday")
BANDS = ("sharp", "peak", "flat", "valley", "deep_valley")
BAND_SOURCES = ("clock", "meter")
PROFILES = ("dlt645-2007", "dlt645-2007-base", "dlt645-2007-permit")
RATES = 4

SITE = Sheet(
    "Site", "项目",
    "One row: the site, who sells the electricity there, and in which time zone and currency. Time zone, currency and "
    "first day cannot be changed after the first import.",
    (
        Column("organisation", "Organisation", "单位", Cell.TEXT, "Yongjia Group", "The owner of one or more sites",
               required=True, width=24, chars_max=120),
        Column("code", "Site code", "项目编码", Cell.TEXT, "YJTD", "Letters, digits, . _ -", required=True),
        Column("name", "Name", "名称", Cell.TEXT, "永嘉天地 Yongjia Tiandi", required=True, width=28, chars_max=120),
        Column("time_zone", "Time zone", "时区", Cell.TEXT, "Asia/Shanghai", "A name of the tz database", required=True,
               width=18, chars_max=60),
        Column("currency", "Currency", "币种", Cell.CHOICE, "CNY", required=True, choices=tuple(MINOR_DIGITS)),
        Column("operator_name", "Operator (legal entity)", "运营单位", Cell.TEXT, "永嘉天地商业管理有限公司",
               "Printed on every receipt", required=True, width=30, chars_max=120),
        Column("operator_tax_no", "Tax number", "税号", Cell.TEXT, "91310000MA1FL00000", width=22),
        Column("service_phone", "Service phone", "服务电话", Cell.TEXT, "400-000-0000", width=18),
        Column("first_day", "First day of the books", "启用日期", Cell.DATE, "2026-10-01", required=True, width=20),
        Column("read_interval_s", "Read every (s)", "抄表间隔（秒）", Cell.INTEGER, 900, "Empty: 900"),
    ),
)  # fmt: skip

CALENDAR = Sheet(
    "Calendar", "日历",
    "Dates that are not what their weekday says: public holidays, and weekends that are worked. May stay empty.",
    (
        Column("date", "Date", "日期", Cell.DATE, "2026-10-01", required=True),
        Column("kind", "Kind", "类型", Cell.CHOICE, "holiday", required=True, choices=DAY_KINDS),
        Column("name", "Name", "名称", Cell.TEXT, "National Day 国庆节", width=24, chars_max=80),
    ),
)  # fmt: skip

BUSES = Sheet(
    "Gateways & buses", "采集器与总线",
    f"One row for each RS-485 line. A gateway with four lines has four rows with the same code and address. At most "
    f"{METERS_A_BUS_MAX} meters on a line.",
    (
        Column("gateway", "Gateway", "采集器", Cell.TEXT, "GW-1F-A", "What people call the box", required=True,
               width=18),
        Column("address", "Network address", "网络地址", Cell.TEXT, "192.0.2.10", "IP address or host name",
               required=True, width=18, chars_max=120),
        Column("port", "TCP port of the line", "总线端口", Cell.INTEGER, 8001, required=True, width=20),
        Column("baud", "Baud", "波特率", Cell.CHOICE, 2400, "Empty: 2400", choices=tuple(str(one) for one in BAUDS)),
        Column("parity", "Parity", "校验位", Cell.CHOICE, "E", "E even, N none, O odd; empty: E", choices=PARITIES),
        Column("name", "Name of the line", "总线名称", Cell.TEXT, "1F-A", width=18, chars_max=60),
        Column("building", "Building", "楼栋", Cell.TEXT, "1#", "Where the box is"),
        Column("floor", "Floor", "楼层", Cell.TEXT, "1F"),
    ),
)  # fmt: skip

METERS = Sheet(
    "Units & meters", "房间与电表",
    "One row for each meter: the unit it supplies, the metering point that is billed, the device, where it hangs and "
    "what its registers showed when Prewatt took over.",
    (
        Column("building", "Building", "楼栋", Cell.TEXT, "1#", required=True),
        Column("floor", "Floor", "楼层", Cell.TEXT, "1F", required=True),
        Column("unit", "Unit", "房间", Cell.TEXT, "101", required=True),
        Column("unit_name", "Name of the unit", "房间名称", Cell.TEXT, "", width=20, chars_max=120),
        Column("area_dm2", "Area (m²)", "面积（㎡）", Cell.AREA, "86.5"),
        Column("point", "Metering point", "计量点", Cell.TEXT, "1#-101",
               "What people call the room; unique on the site",
               required=True, width=16),
        Column("use", "Use", "用途", Cell.CHOICE, "tenant", "Empty: tenant", choices=USES),
        Column("rated_power_w", "Rated power (W)", "额定功率（W）", Cell.INTEGER, 10_000,
               "Contract or breaker power: a larger step of the register is held back", required=True, width=16),
        Column("maker", "Maker", "厂家", Cell.TEXT, "", width=16),
        Column("serial", "Meter number", "表号", Cell.TEXT, "202500000001", required=True, width=18),
        Column("profile", "Protocol", "规约", Cell.CHOICE, "dlt645-2007", "Empty: dlt645-2007", choices=PROFILES),
        Column("phases", "Phases", "相数", Cell.CHOICE, 1, "1 or 3; empty: 1", choices=("1", "3")),
        Column("relay", "Relay", "继电器", Cell.CHOICE, "internal", "Empty: internal", choices=RELAYS),
        Column("register_digits", "kWh digits", "整数位数", Cell.INTEGER, 6, "Before the register wraps; empty: 6"),
        Column("multiplier", "Multiplier (CT × PT)", "倍率", Cell.INTEGER, 1, "Empty: 1", width=18),
        Column("gateway", "Gateway", "采集器", Cell.TEXT, "GW-1F-A", required=True, width=18),
        Column("port", "TCP port of the line", "总线端口", Cell.INTEGER, 8001, required=True, width=20),
        Column("address", "Meter address", "通信地址", Cell.ADDRESS, "202500000001", "Twelve digits", required=True,
               width=18),
        Column("password", "Password", "密码", Cell.PASSWORD, "02:123456",
               "Level and six digits. Kept sealed, never exported; empty leaves what is stored"),
        Column("opened_at", "Registers taken at", "起码时间", Cell.INSTANT, "2026-10-01 00:00", "Local time",
               required=True, width=20),
        Column("opening_total_wh", "Register total (kWh)", "总起码（kWh）", Cell.KWH, "1520.36",
               "As the meter shows it, before the multiplier", required=True, width=18),
        Column("t1_wh", "T1 (kWh)", "费率1起码", Cell.KWH, "", "Rate registers: all that the meter has, or none"),
        Column("t2_wh", "T2 (kWh)", "费率2起码", Cell.KWH, ""),
        Column("t3_wh", "T3 (kWh)", "费率3起码", Cell.KWH, ""),
        Column("t4_wh", "T4 (kWh)", "费率4起码", Cell.KWH, ""),
    ),
)  # fmt: skip

CUSTOMERS = Sheet(
    "Customers", "客户",
    "Whom the operator sells to. Vacant and common metering points belong to the operator: give it a row of kind "
    "operator.",
    (
        Column("code", "Customer code", "客户编码", Cell.TEXT, "C0001", required=True),
        Column("name", "Name", "名称", Cell.TEXT, "拾光眼镜", required=True, width=28, chars_max=120),
        Column("kind", "Kind", "类型", Cell.CHOICE, "company", "Empty: company", choices=CUSTOMER_KINDS),
        Column("phone", "Phone", "电话", Cell.TEXT, "+8613800000000", width=18, chars_max=20),
        Column("email", "Mail", "邮箱", Cell.TEXT, "", width=24, chars_max=120),
        Column("tax_no", "Tax number", "税号", Cell.TEXT, "", width=22),
        Column("language", "Language", "语言", Cell.CHOICE, "zh-hans", "Of notices and papers; empty: zh-hans",
               choices=LANGUAGES),
    ),
)  # fmt: skip

ACCOUNTS = Sheet(
    "Accounts", "账户",
    "What a customer holds at this site: one balance for one or more metering points.",
    (
        Column("number", "Account number", "户号", Cell.TEXT, "100001", required=True, width=16, chars_max=20),
        Column("customer", "Customer code", "客户编码", Cell.TEXT, "C0001", required=True, width=16),
        Column("payment_mode", "Pays", "付费方式", Cell.CHOICE, "prepaid",
               "own_use: the operator's own electricity, never disconnected; empty: prepaid", choices=PAYMENT_MODES),
        Column("allowed_credit", "Allowed credit", "透支金额", Cell.MONEY, "0", "Empty: 0"),
        Column("level_1", "Low balance, level 1", "一级报警金额", Cell.MONEY, "", "Empty: the site's", width=18),
        Column("level_2", "Low balance, level 2", "二级报警金额", Cell.MONEY, "", "Empty: the site's", width=18),
    ),
)  # fmt: skip

TENANCIES = Sheet(
    "Tenancies", "租约",
    "Which account pays for which metering point, by which tariff, since when. Every metering point needs one.",
    (
        Column("point", "Metering point", "计量点", Cell.TEXT, "1#-101", required=True, width=16),
        Column("account", "Account number", "户号", Cell.TEXT, "100001", required=True, width=16),
        Column("tariff", "Tariff code", "电价编码", Cell.TEXT, "BUSINESS", required=True, width=16),
        Column("from_at", "From", "起始时间", Cell.INSTANT, "2026-10-01 00:00",
               "Local time; not later than the registers were taken", required=True, width=20),
    ),
)  # fmt: skip

TARIFFS = Sheet(
    "Tariffs", "电价",
    "Price plans. With one price only the flat one is filled; by time of day there is a price for each band, with its "
    "hours on the sheet Day programmes. A published version never changes: a new price is a new row with a later date.",
    (
        Column("code", "Tariff code", "电价编码", Cell.TEXT, "BUSINESS", required=True, width=16),
        Column("name", "Name", "名称", Cell.TEXT, "Business, time of use 商业分时", required=True, width=28,
               chars_max=120),
        Column("effective_from", "Effective from", "生效日期", Cell.DATE, "2026-10-01", required=True),
        Column("sharp", "Sharp (per kWh)", "尖", Cell.PRICE, "1.3500"),
        Column("peak", "Peak (per kWh)", "峰", Cell.PRICE, "1.1200"),
        Column("flat", "Flat (per kWh)", "平", Cell.PRICE, "0.8100"),
        Column("valley", "Valley (per kWh)", "谷", Cell.PRICE, "0.4100"),
        Column("deep_valley", "Deep valley (per kWh)", "深谷", Cell.PRICE, "", width=18),
        Column("band_source", "Bands by", "时段来源", Cell.CHOICE, "clock",
               "clock: the hours on the next sheet; meter: its own rate registers. Empty: clock", choices=BAND_SOURCES),
        Column("meter_rates", "Bands of T1, T2, …", "费率1、2…对应时段", Cell.TEXT, "sharp, peak, flat, valley",
               "Only where the meter knows the band; empty: as the example", width=26, chars_max=80),
        Column("reference", "Price document", "文件依据", Cell.TEXT, "", width=28, chars_max=200),
    ),
)  # fmt: skip

PROGRAMMES = Sheet(
    "Day programmes", "时段表",
    "The hours of each band, from 00:00 to 24:00 without a hole or an overlap. Weekends without rows follow the "
    "working days, holidays without rows the weekends. A tariff without rows is flat all day.",
    (
        Column("tariff", "Tariff code", "电价编码", Cell.TEXT, "BUSINESS", required=True, width=16),
        Column("effective_from", "Effective from", "生效日期", Cell.DATE, "2026-10-01", required=True),
        Column("day_type", "Days", "日类型", Cell.CHOICE, "workday", required=True, choices=DAY_TYPES),
        Column("from_time", "From", "开始", Cell.TEXT, "00:00", "00:00 to 23:59", required=True),
        Column("to_time", "To", "结束", Cell.TEXT, "08:00", "up to 24:00", required=True),
        Column("band", "Band", "时段", Cell.CHOICE, "valley", required=True, choices=BANDS),
    ),
)  # fmt: skip

OPENING_BALANCES = Sheet(
    "Opening balances", "期初余额",
    "What each account owns when Prewatt takes over (negative: owes). Posted once. The sheet Signature must carry "
    "their sum.",
    (
        Column("account", "Account number", "户号", Cell.TEXT, "100001", required=True, width=16),
        Column("amount", "Amount", "金额", Cell.MONEY, "352.60", required=True),
    ),
)  # fmt: skip

SIGNATURE = Sheet(
    "Signature", "签字",
    "One row by the person who answers for the opening balances: their sum typed by hand (not a formula), name and "
    "date. The import is refused when the sum differs.",
    (
        Column("total", "Sum of all opening balances", "期初余额合计", Cell.MONEY, "352.60", required=True, width=26),
        Column("name", "Name", "签字人", Cell.TEXT, "", required=True, width=22, chars_max=80),
        Column("date", "Date", "日期", Cell.DATE, "2026-10-01", required=True),
    ),
)  # fmt: skip

SHEETS = (
    SITE, CALENDAR, BUSES, METERS, CUSTOMERS, ACCOUNTS, TENANCIES, TARIFFS, PROGRAMMES, OPENING_BALANCES, SIGNATURE,
)  # fmt: skip
