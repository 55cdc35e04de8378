// Lines without axes: the shape of the last minute or so. The number beside each says how high it is.

import {svg} from './dom.js';

/** A sparkline element; draw(points, max) moves it. Room for `slots` points, the newest at the right. */
export function spark(width = 120, height = 22, slots = 90) {
  const area = svg('path', {class: 'area'});
  const line = svg('path', {class: 'line'});
  const element = svg('svg', {class: 'spark', viewBox: `0 0 ${width} ${height}`, width, height,
                              preserveAspectRatio: 'none', 'aria-hidden': 'true', focusable: 'false'},
                      svg('path', {class: 'base', d: `M1.5 ${height - 1}H${width - 1.5}`}), area, line);
  element.draw = (points, floor = 1) => {
    if (points.length === 0) return;
    const top = Math.max(floor, ...points);
    const x = at => (width - 1.5) - (points.length - 1 - at) * ((width - 3) / (slots - 1));
    const y = value => height - 1.5 - (value / top) * (height - 4);
    const path = points.map((value, at) => `${at ? 'L' : 'M'}${x(at).toFixed(1)} ${y(value).toFixed(1)}`).join('');
    line.setAttribute('d', points.length === 1 ? `${path}h0.1` : path);
    area.setAttribute('d', `${path}L${x(points.length - 1).toFixed(1)} ${height}L${x(0).toFixed(1)} ${height}Z`);
    element.classList.toggle('still', points.every(value => value === 0));
  };
  return element;
}
