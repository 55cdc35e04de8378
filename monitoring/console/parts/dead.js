// How many dead letters wait for somebody: all open cases of the hospital, wherever their services run. It is asked
// through this node, as its pages do it; what this node's own queues say comes sooner, but they are not all.

import {get, url} from './api.js';
import {every} from './dom.js';
import {live} from './live.js';

const pace = 3_000;
const pagesMax = 20;  // of 200 groups; with more, the number is a lower limit

class Dead extends EventTarget {
  open = null;  // null: not known, because the hospital is not heard or was not asked yet
  isWhole = true;
  trouble = '';
  #asking = false;

  start() {
    every(pace, new AbortController().signal, () => this.#ask());
    let own = 0;
    live.addEventListener('rows', () => {
      if (live.dead === own) return;
      own = live.dead;
      this.#ask();
    });
  }

  async #ask() {
    if (this.#asking) return;
    this.#asking = true;
    const before = [this.open, this.isWhole, this.trouble].join();
    try {
      let open = 0, token = '';
      for (let page = 0; page < pagesMax && (page === 0 || token); ++page) {
        const got = await get(url('/hospital/groups', {state: 'open', page_size: 200, page_token: token}));
        for (const group of got.groups) open += group.open;
        token = got.next_page_token;
      }
      Object.assign(this, {open, isWhole: !token, trouble: ''});
    } catch (problem) {
      Object.assign(this, {open: null, isWhole: true, trouble: problem.message});
    }
    this.#asking = false;
    if (before !== [this.open, this.isWhole, this.trouble].join()) this.dispatchEvent(new Event('count'));
  }

  /** Calls `act` at each change until the signal; at once, too. */
  follow(signal, act) {
    this.addEventListener('count', act, {signal});
    act();
  }
}

export const dead = new Dead();
