// Money ahead is a fan, not a line: between the soonest and the latest day the account may reach zero.
export function fan(data, token) {
  return {
    animation: false,
    useUTC: true, // the page sends the site's local time; the browser's own zone must not move it
    aria: { enabled: true },
    textStyle: { fontFamily: token("sans") },
    grid: { left: 48, right: 14, top: 14, bottom: 24 },
    tooltip: {
      renderMode: "richText", trigger: "axis", backgroundColor: token("sf"), borderColor: token("ln2"), textStyle: { color: token("ink"), fontSize: 12 },
      formatter: (rows) => `${rows[0].axisValueLabel}\n${data.symbol}${Number(rows[0].data[1]).toFixed(2)}`,
    },
    xAxis: {
      type: "time", min: data.from, max: data.to, splitNumber: 4, axisLine: { lineStyle: { color: token("ln2") } }, axisTick: { show: false }, splitLine: { show: false },
      axisLabel: { color: token("ink3"), fontSize: 11, hideOverlap: true, formatter: data.hours ? "{HH}:{mm}" : "{MM}-{dd}" },
    },
    yAxis: {
      type: "value", splitNumber: 2, axisLabel: { color: token("ink3"), fontSize: 11, formatter: (value) => `${data.symbol}${value}` }, splitLine: { lineStyle: { color: token("ln") } },
    },
    series: [
      { type: "custom", silent: true, data: [0], renderItem: (params, api) => spread(data, api, token), z: 1 },
      { type: "line", data: data.middle, symbol: "none", lineStyle: { color: token("acc"), width: 2 }, itemStyle: { color: token("acc") }, z: 3, markLine: mark(data, token) },
    ],
  };
}

function spread(data, api, token) {
  const points = [data.soonest[0], data.latest[1], data.soonest[1]].map((point) => api.coord(point));
  return { type: "polygon", shape: { points }, style: { fill: token("acc-mid"), opacity: 0.35 } };
}

function mark(data, token) {
  return {
    silent: true, symbol: "none", lineStyle: { color: token("ln2"), type: "solid" },
    label: { formatter: data.today, color: token("ink3"), fontSize: 11, position: data.hours ? "end" : "start", distance: data.hours ? 2 : 5 }, data: [{ xAxis: data.at }],
  };
}
