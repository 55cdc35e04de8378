// The node's own numbers, read from /metrics in the Prometheus text format.

import {text} from './api.js';

const line = /^([a-z_]+)(?:\{(.*)\})? ([^ ]+)$/;
const label = /([a-z_]+)="((?:[^"\\]|\\.)*)"/g;

/** [{name, labels, value}] of the families whose names begin with one of these. */
export async function metrics(beginnings, signal) {
  const found = [];
  for (const row of (await text('/metrics', signal)).split('\n')) {
    if (!beginnings.some(one => row.startsWith(one))) continue;
    const match = line.exec(row);
    if (!match) continue;
    const labels = {};
    for (const [, name, value] of (match[2] ?? '').matchAll(label)) labels[name] = value;
    found.push({name: match[1], labels, value: Number(match[3])});
  }
  return found;
}

/** Cumulative buckets as [[le, count]] of the samples that `wanted` lets pass, added up. */
export function buckets(samples, name, wanted = () => true) {
  const sums = new Map();
  for (const one of samples)
    if (one.name === `${name}_bucket` && wanted(one.labels)) {
      const le = one.labels.le === '+Inf' ? Infinity : Number(one.labels.le);
      sums.set(le, (sums.get(le) ?? 0) + one.value);
    }
  return [...sums].sort((a, b) => a[0] - b[0]);
}

/** The value below which this share lies, between bucket bounds in a straight line; NaN without observations. */
export function quantile(share, now, before = []) {
  const grown = now.map(([le, count], at) => [le, count - (before[at]?.[1] ?? 0)]);
  const total = grown.at(-1)?.[1] ?? 0;
  if (total <= 0) return NaN;
  let below = 0, lower = 0;
  for (const [le, count] of grown) {
    if (count >= share * total)
      return le === Infinity ? lower : lower + (le - lower) * ((share * total - below) / Math.max(1, count - below));
    [below, lower] = [count, le];
  }
  return lower;
}
