// Energy by hour or day, stacked by band from valley at the foot up to sharp; last week dashed; outages edged red; "now" marked.
const ORDER = ["deep_valley", "valley", "flat", "peak", "sharp"];
const COLOUR = { deep_valley: "band-deep", valley: "band-valley", flat: "band-flat", peak: "band-peak", sharp: "band-sharp" };

function decal(band) {
  const ink = "rgba(0,0,0,.28)";
  const light = "rgba(255,255,255,.55)";
  return {
    sharp: { symbol: "rect", dashArrayX: [[1, 3], [3, 1]], dashArrayY: [1, 3], color: light, rotation: Math.PI / 4 },
    peak: { symbol: "rect", dashArrayX: [1, 0], dashArrayY: [1, 4], color: ink, rotation: -Math.PI / 4 },
    flat: { symbol: "none" },
    valley: { symbol: "rect", dashArrayX: [1, 0], dashArrayY: [1, 4], color: "rgba(0,0,0,.22)" },
    deep_valley: { symbol: "circle", dashArrayX: [[4, 4], [0, 4, 4, 0]], dashArrayY: [4, 0], symbolSize: 0.6, color: light },
  }[band];
}

export function usage(data, token) {
  const bands = ORDER.filter((band) => data.bands[band]);
  const series = bands.map((band) => ({
    type: "bar", stack: "energy", name: data.names[band], data: data.bands[band], barCategoryGap: "12%",
    itemStyle: { color: token(COLOUR[band]), decal: decal(band) },
  }));
  if (data.before) {
    series.push({
      type: "line", name: data.names.before, data: data.before, step: "middle", symbol: "none",
      lineStyle: { color: token("ink"), type: "dashed", width: 1.3 }, itemStyle: { color: token("ink") },
    });
  }
  if (data.outages?.length) {
    series.unshift({
      type: "custom", name: data.names.off, silent: true, tooltip: { show: false }, z: 0, encode: { x: 0, y: [] }, clip: true,
      data: data.outages.map((_, place) => [place]), renderItem: (params, api) => outage(data.outages[params.dataIndex], params, api, token),
    });
  }
  const first = series.find((one) => one.type === "bar");
  if (first && data.now !== null && data.now !== undefined) {
    first.markLine = {
      silent: true, symbol: "none", lineStyle: { color: token("ink3"), type: "solid", width: 1 },
      label: { formatter: data.names.now, color: token("ink2"), fontSize: 11, position: "end", rotate: 0, distance: 4 }, data: [{ xAxis: data.now }],
    };
  }
  return {
    animation: false,
    aria: { enabled: true, decal: { show: true } },
    textStyle: { fontFamily: token("sans") },
    grid: { left: 42, right: 12, top: 30, bottom: 26 },
    tooltip: {
      renderMode: "richText", trigger: "axis", backgroundColor: token("sf"), borderColor: token("ln2"), textStyle: { color: token("ink"), fontSize: 12 },
      valueFormatter: (value) => (value === null || value === undefined || value === "-" ? "—" : `${Number(value).toFixed(2)} kWh`),
    },
    xAxis: {
      type: "category", data: data.titles, axisTick: { show: false }, axisLine: { lineStyle: { color: token("ln2") } },
      axisLabel: { color: token("ink3"), fontSize: 11, hideOverlap: true, formatter: (_, place) => data.labels[place] },
    },
    yAxis: {
      type: "value", name: data.unit, nameTextStyle: { color: token("ink3"), fontSize: 11, align: "right" }, splitNumber: 3,
      axisLabel: { color: token("ink3"), fontSize: 11 }, splitLine: { lineStyle: { color: token("ln") } },
    },
    series,
  };
}

// A stretch without power, at its minutes: a category is as wide as its hour, and its coordinate is its middle.
function outage([begin, end], params, api, token) {
  const width = api.size([1, 0])[0];
  const left = api.coord([0, 0])[0] - width / 2;
  const { y, height } = params.coordSys;
  const [from, to] = [left + begin * width, left + end * width];
  return {
    type: "rect", shape: { x: from, y, width: Math.max(to - from, 2), height },
    style: { fill: token("off-s"), stroke: token("off"), lineWidth: 1 },
  };
}
