// A few lines of test runner: tests in order, each with a name that is a promise, a screenshot when one fails.

import {mkdir} from 'node:fs/promises';
import {join} from 'node:path';

const failuresMax = 3;  // Each may have waited for a minute.

export class Suite {
  #tests = [];
  #failed = [];
  constructor({pictures, page, filter}) {
    this.pictures = pictures;
    this.page = page;
    this.filter = filter ? new RegExp(filter, 'i') : null;
  }

  test(name, run) { this.#tests.push({name, run}); }

  async run() {
    await mkdir(this.pictures, {recursive: true});
    for (const {name, run} of this.#tests) {
      if (this.filter && !this.filter.test(name)) continue;
      if (this.#failed.length === failuresMax) {
        console.log('the rest is left out');
        break;
      }
      const began = Date.now();
      try {
        await run(this.page);
        console.log(`ok      ${name} (${Date.now() - began} ms)`);
      } catch (trouble) {
        this.#failed.push(name);
        const picture = join(this.pictures, `failed-${name.replace(/\W+/g, '-')}.png`);
        await this.page.screenshot({path: picture, fullPage: true}).catch(() => {});
        console.log(`FAILED  ${name} (${Date.now() - began} ms)\n${String(trouble.stack).replace(/^/gm, '        ')}\n        see ${picture}`);
      }
    }
    console.log(this.#failed.length ? `${this.#failed.length} failed` : 'all passed');
    return this.#failed.length === 0;
  }
}

export function expect(holds, what) {
  if (!holds) throw new Error(what);
}
export function equal(found, wanted, what) {
  if (found !== wanted) throw new Error(`${what}: wanted ${JSON.stringify(wanted)}, found ${JSON.stringify(found)}`);
}
