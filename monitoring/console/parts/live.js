// What the node tells each second: rows of mailboxes and queues, their rates, and a short history of each. One
// connection for all pages. A connection that breaks, or is silent for too long, is opened again, later and later.

const kept = 90;  // seconds of history
const silence = 6_000;
const waits = [1, 2, 3, 5, 8];

class History {
  points = [];
  add(value) {
    this.points.push(value);
    if (this.points.length > kept) this.points.shift();
  }
}

class Live extends EventTarget {
  services = new Map();
  queues = new Map();
  node = '';
  state = 'connecting';  // connecting, live, lost
  retryIn = 0;
  #failures = 0;
  #source = null;
  #watch = 0;
  #countdown = 0;

  start() {
    this.#open();
    addEventListener('online', () => this.state === 'lost' && this.#open());
  }

  retry() { this.#open(); }

  #open() {
    clearInterval(this.#countdown);
    this.#source?.close();
    this.#source = new EventSource('events');
    this.#source.addEventListener('mailboxes', event => this.#take(JSON.parse(event.data)));
    this.#source.addEventListener('error', () => this.#lose());
    this.#listen();
  }

  #listen() {
    clearTimeout(this.#watch);
    this.#watch = setTimeout(() => this.#lose(), silence);
  }

  #lose() {
    clearTimeout(this.#watch);
    this.#source?.close();
    this.#source = null;
    clearInterval(this.#countdown);
    this.retryIn = waits[Math.min(this.#failures++, waits.length - 1)];
    this.#become('lost');
    this.#countdown = setInterval(() => {
      if (--this.retryIn <= 0) this.#open();
      else this.dispatchEvent(new Event('link'));
    }, 1_000);
  }

  #become(state) {
    this.state = state;
    this.dispatchEvent(new Event('link'));
  }

  #take(told) {
    this.#listen();
    this.node = told.node;
    this.at = new Date(told.at).getTime() / 1000;
    if (this.state !== 'live') {
      this.#failures = 0;
      for (const row of [...this.services.values(), ...this.queues.values()]) row.before = null;
      this.#become('live');
    }
    for (const row of told.services) this.#merge(this.services, row.service, row);
    for (const row of told.queues) this.#merge(this.queues, row.queue, row);
    for (const one of this.services.values()) this.#measure(one, ['accepted', 'commits', 'refused'], one.now.depth);
    for (const one of this.queues.values()) {
      const now = one.now;
      this.#measure(one, ['published', 'processed'], now.ready + now.retrying + now.parked);
    }
    this.dispatchEvent(new Event('rows'));
  }

  #merge(rows, name, row) {
    const one = rows.get(name) ?? {rates: {}, waiting: new History(), flow: new History(), before: null};
    one.now = row;
    rows.set(name, one);
  }

  #measure(one, totals, waiting) {
    const before = one.before;
    for (const name of totals) {
      const grown = before ? one.now[name] - before.row[name] : 0;
      one.rates[name] = before && grown >= 0 ? grown / Math.max(0.2, this.at - before.at) : 0;
    }
    one.before = {at: this.at, row: one.now};
    one.waiting.add(waiting);
    one.flow.add(one.rates[totals.at(-1) === 'processed' ? 'processed' : 'accepted']);
  }

  get dead() {
    let dead = 0;
    for (const one of this.queues.values()) dead += one.now.dead;
    return dead;
  }

  /** Calls `act` at each event of this kind until the signal; at once, too. */
  follow(kind, signal, act) {
    this.addEventListener(kind, act, {signal});
    act();
  }
}

export const live = new Live();
