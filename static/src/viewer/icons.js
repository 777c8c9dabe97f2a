/** Our own line icons on a 24 grid, drawn by the browser: no icon font, no request. */
const PATHS = {
  scroll: 'M5 6h14M5 12h14M5 18h14M12 1.5 9.5 4h5zM12 22.5 9.5 20h5z', window: 'M12 3a9 9 0 1 0 0 18zM12 3a9 9 0 0 1 0 18', pan: 'M12 3v18M3 12h18M12 3 9.5 5.5M12 3l2.5 2.5M12 21l-2.5-2.5M12 21l2.5-2.5M3 12l2.5-2.5M3 12l2.5 2.5M21 12l-2.5-2.5M21 12l-2.5 2.5',
  zoom: 'M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13M15.5 15.5 21 21M10.5 7.5v6M7.5 10.5h6', length: 'M4 20 20 4M2.5 18.5l3 3M18.5 2.5l3 3', angle: 'M18 4 4 20h17M10.5 13a8 8 0 0 1 3.500 7',
  ellipse: 'M12 6c5.500 0 9 2.500 9 6s-3.500 6-9 6-9-2.500-9-6 3.500-6 9-6z', probe: 'M12 3v6M12 15v6M3 12h6M15 12h6M12 11.500v1', arrow: 'M20 4 6 18M6 18v-7M6 18h7', invert: 'M4 4h16v16H4zM4 20 20 4M12 20v-8M16 20V8M8 20v-4M20 20V4',
  locate: 'M12 2v7M12 15v7M2 12h7M15 12h7M5 5h3M5 5v3M19 19h-3M19 19v-3',
  turn: 'M19 12a7 7 0 1 1-2.500-5.400M17 2v5h-5', reset: 'M4 4v6h6M4.500 10a8 8 0 1 1 .5 5', layout: 'M4 4h16v16H4zM12 4v16M4 12h16', play: 'M7 4l13 8-13 8z', pause: 'M8 4v16M16 4v16', star: 'M12 3l2.700 5.800 6.300.8-4.600 4.300 1.200 6.200L12 17l-5.600 3.100 1.200-6.200L3 9.600l6.300-.8z',
  cite: 'M5 5h14v10H9l-4 4zM9 9h6M9 12h4', help: 'M9 9a3 3 0 1 1 4 2.800c-.8.300-1 .9-1 1.700M12 17v.5M12 2.500a9.500 9.500 0 1 0 0 19 9.500 9.500 0 0 0 0-19', series: 'M4 5h6v6H4zM4 14h6v5H4zM14 6h6M14 10h6M14 15h6M14 18h6', measure: 'M3 16 16 3l5 5L8 21zM7 12l2 2M10 9l3 3M13 6l2 2',
};

export function icon(name) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  path.setAttribute('d', PATHS[name] ?? PATHS.help);
  svg.append(path);
  return svg;
}
