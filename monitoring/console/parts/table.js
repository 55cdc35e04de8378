// A table whose rows stay the same elements while their numbers move: focus, selection and hovering survive.

import {h, say} from './dom.js';

const classes = (...names) => names.filter(Boolean).join(' ') || null;

/**
 * columns: [{id, label, title?, numeric?, wide?, stays?, sort?(row), show(row, cell)}]. `show` returns a text, or fills
 * the cell itself and returns undefined. A column with `sort` can be sorted by. One that `stays`, the last, is in sight
 * when the others scroll.
 * options: {caption, key(row), sort: {by, down}, sorted?(by, down), mark?(row)}
 */
export function table(columns, options) {
  const rows = new Map();
  const body = h('tbody');
  let order = {...options.sort};

  const heads = columns.map(column => {
    const cell = h('th', {scope: 'col', class: classes(column.numeric && 'number', column.stays && 'stays'), title: column.title});
    if (column.sort) {
      cell.append(h('button', {type: 'button', class: 'sort', on: {click: () => sortBy(column)}}, column.label));
    } else {
      cell.append(column.hidden ? h('span', {class: 'unseen'}, column.label) : column.label);
    }
    return cell;
  });
  const element = h('table', {}, h('caption', {class: 'unseen'}, options.caption),
                    h('thead', {}, h('tr', {}, heads)), body);

  function sortBy(column) {
    order = {by: column.id, down: order.by === column.id ? !order.down : Boolean(column.numeric)};
    options.sorted?.(order.by, order.down);
    element.show(element.shown);
  }

  function arrange(list) {
    const column = columns.find(one => one.id === order.by && one.sort);
    columns.forEach((one, at) => {
      if (one.sort) heads[at].setAttribute('aria-sort', one !== column ? 'none' : order.down ? 'descending' : 'ascending');
    });
    if (!column) return list;
    const way = order.down ? -1 : 1;
    return list.map((row, at) => [column.sort(row), at, row])
      .sort((a, b) => (a[0] < b[0] ? -way : a[0] > b[0] ? way : a[1] - b[1]))
      .map(entry => entry[2]);
  }

  function update(row) {
    const name = options.key(row);
    let line = rows.get(name);
    if (!line) {
      const cells = columns.map(column => h(column.head ? 'th' : 'td', {
        scope: column.head ? 'row' : null,
        class: classes(column.numeric && 'number', column.wide && 'wide', column.stays && 'stays')}));
      line = {element: h('tr', {}, cells), cells};
      rows.set(name, line);
    }
    columns.forEach((column, at) => {
      const text = column.show(row, line.cells[at]);
      if (text !== undefined) say(line.cells[at], String(text));
    });
    if (options.mark) line.element.className = options.mark(row) ?? '';
    return line.element;
  }

  element.shown = [];
  element.show = list => {
    element.shown = list;
    const wanted = arrange(list).map(update);
    const names = new Set(list.map(options.key));
    for (const [name, line] of rows) {
      if (names.has(name)) continue;
      line.element.remove();
      rows.delete(name);
    }
    // Only what is out of place is moved: moving the focused row would take its focus away.
    let next = body.firstElementChild;
    for (const one of wanted) {
      if (one === next) next = next.nextElementSibling;
      else body.insertBefore(one, next);
    }
  };
  return element;
}

/** A table that may be wider than the page: it scrolls by itself, also with the keyboard, and shows where there is more. */
export function scroller(label, inside) {
  const element = h('div', {class: 'scroller', tabindex: '0', role: 'region', 'aria-label': label}, inside);
  const look = () => {
    element.classList.toggle('more-before', element.scrollLeft > 1);
    element.classList.toggle('more-after', element.scrollWidth - element.clientWidth - element.scrollLeft > 1);
  };
  element.addEventListener('scroll', look, {passive: true});
  const watch = new ResizeObserver(look);
  watch.observe(element);
  watch.observe(inside);
  return element;
}
