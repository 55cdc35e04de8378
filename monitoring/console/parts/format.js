// Numbers and times for people. A narrow space groups thousands, as in the rest of the project.

const grouped = new Intl.NumberFormat('en-GB', {maximumFractionDigits: 0});
const thin = '\u202f';
const digits = (value, count) => value.toFixed(count).replace(/\.0+$/, '');

export const number = value => grouped.format(value).replaceAll(',', thin);
export const plural = (count, one, many = one + 's') => `${number(count)} ${count === 1 ? one : many}`;

/** Per second: two significant digits are enough to see a change. */
export function rate(value) {
  if (value < 0.05) return '0';
  if (value < 10) return value.toFixed(1);
  return number(Math.round(value));
}

export function bytes(value) {
  const units = ['B', 'KiB', 'MiB', 'GiB'];
  let at = 0;
  while (value >= 1024 && at < units.length - 1) { value /= 1024; ++at; }
  return `${at === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[at]}`;
}

/** A span of seconds: "850 µs", "12 ms", "3.4 s", "5 min", "2 h", "4 d". */
export function span(seconds) {
  if (!Number.isFinite(seconds)) return '–';
  if (seconds < 0) seconds = 0;
  if (seconds < 0.001) return `${Math.round(seconds * 1e6)} µs`;
  if (seconds < 1) return `${digits(seconds * 1e3, seconds < 0.01 ? 1 : 0)} ms`;
  if (seconds < 60) return `${digits(seconds, seconds < 10 ? 1 : 0)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86400) return `${digits(seconds / 3600, seconds < 36000 ? 1 : 0)} h`;
  return `${Math.floor(seconds / 86400)} d`;
}

/** The same in whole steps, for ages that grow while they are looked at. */
export const age = seconds => (seconds < 1 ? '< 1 s' : span(seconds < 60 ? Math.floor(seconds) : seconds));

/** Seconds since 1970; the node writes microseconds, of which Date knows nothing. */
function moment(text) {
  const micro = /\.\d{3}(\d{1,3})/.exec(text)?.[1].padEnd(3, '0') ?? '0';
  return new Date(text).getTime() / 1000 + Number(micro) / 1e6;
}
export const seconds = text => moment(text);
export const ago = (text, now = Date.now() / 1000) => `${age(now - moment(text))} ago`;

const two = value => String(value).padStart(2, '0');
export function clock(text, fraction = false) {
  const at = new Date(text);
  const base = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  return fraction ? `${base}.${String(at.getMilliseconds()).padStart(3, '0')}` : base;
}
export function date(text) {
  const at = new Date(text);
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return day === date.today() ? clock(text) : `${day} ${clock(text)}`;
}
date.today = () => {
  const now = new Date();
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
};

export function money(minor, currency = 'EUR') {
  const sign = minor < 0 ? '−' : '';
  const all = Math.abs(minor);
  return `${sign}${number(Math.floor(all / 100))}.${two(all % 100)} ${currency}`;
}

/** handler_crash -> handler crash */
export const words = text => text.replaceAll('_', ' ');
