// A report's figures as bars: along its foot time or names, stacked where they are split. The table below says the same.
const BANDS = { 1: "band-sharp", 2: "band-peak", 3: "band-flat", 4: "band-valley", 5: "band-deep" };
const INKS = ["band-deep", "band-peak", "band-valley", "band-sharp", "band-flat", "ink3"];

export function report(data, token) {
  const many = data.series.length > 1;
  return {
    animation: false,
    aria: { enabled: true, decal: { show: many } },
    textStyle: { fontFamily: token("sans") },
    grid: { left: 8, right: 12, top: many ? 46 : 30, bottom: 8, containLabel: true },
    legend: many
      ? { type: "scroll", top: 0, left: 0, itemWidth: 14, itemHeight: 10, textStyle: { color: token("ink2"), fontSize: 12 } }
      : undefined,
    tooltip: {
      renderMode: "richText", trigger: "axis", backgroundColor: token("sf"), borderColor: token("ln2"), textStyle: { color: token("ink"), fontSize: 12 },
      valueFormatter: (value) => (value === null || value === undefined ? "—" : `${Number(value).toFixed(data.digits)} ${data.unit}`),
    },
    xAxis: {
      type: "category", data: data.titles, axisTick: { show: false }, axisLine: { lineStyle: { color: token("ln2") } },
      axisLabel: { color: token("ink3"), fontSize: 11, hideOverlap: true },
    },
    yAxis: {
      type: "value", name: data.unit, nameTextStyle: { color: token("ink3"), fontSize: 11, align: "right" }, splitNumber: 3,
      axisLabel: { color: token("ink3"), fontSize: 11 }, splitLine: { lineStyle: { color: token("ln") } },
    },
    series: data.series.map((one, place) => ({
      type: "bar", stack: "all", name: one.name, data: one.data, barCategoryGap: "18%", barMaxWidth: 42,
      itemStyle: { color: token(many ? BANDS[one.band] || INKS[place % INKS.length] : "acc") },
    })),
  };
}
