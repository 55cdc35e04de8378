// A real shop for one run: the program on a free port, with a data folder of its own. With a name it is one node of a
// cluster file, on the ports that are in there.

import {spawn} from 'node:child_process';
import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

export class Shop {
  #program;
  #config;
  #name;
  #settings;
  #folder;
  #child = null;
  #ended = null;

  constructor({program, config, name = '', settings = []}) {
    this.#program = program;
    this.#config = config;
    this.#name = name;
    this.#settings = settings;
  }

  async start({port = 0, settings = []} = {}) {
    this.#folder ??= await mkdtemp(join(tmpdir(), 'musiccorp-browser-'));
    const words = ['node', '--config', this.#config, ...this.#name ? ['--name', this.#name] : ['--http', `127.0.0.1:${port}`],
                   '--data', this.#folder, ...[...this.#settings, ...settings].flatMap(one => ['--set', one])];
    this.#child = spawn(this.#program, words, {stdio: ['ignore', 'pipe', 'pipe']});
    let errors = '';
    this.#child.stderr.on('data', text => { errors = (errors + text).slice(-4_000); });
    this.#ended = new Promise(done => this.#child.once('exit', done));
    this.url = await new Promise((done, fail) => {
      let said = '';
      this.#child.stdout.on('data', text => {
        said += text;
        const ready = /^ready (\S+)/m.exec(said);
        if (ready) done(ready[1]);
      });
      this.#child.once('exit', code => fail(new Error(`the shop ended with ${code} before it was ready\n${errors}`)));
      this.#child.once('error', fail);
    });
    this.port = Number(new URL(this.url).port);
  }

  async stop() {
    if (!this.#child) return;
    this.resume();  // A frozen process does not see SIGTERM.
    this.#child.kill('SIGTERM');
    const late = setTimeout(() => this.#child?.kill('SIGKILL'), 10_000);
    await this.#ended;
    clearTimeout(late);
    this.#child = null;
  }

  freeze() { this.#child.kill('SIGSTOP'); }
  resume() { this.#child.kill('SIGCONT'); }

  async end() {
    await this.stop();
    if (this.#folder) await rm(this.#folder, {recursive: true, force: true});
  }

  async ask(method, path, body, headers = {}) {
    const answer = await fetch(this.url + path, {
      method, headers: {'content-type': 'application/json', ...headers}, body: body === undefined ? undefined : JSON.stringify(body)});
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return JSON.parse(text);
  }
  get(path) { return this.ask('GET', path); }
  post(path, body, headers = {}) { return this.ask('POST', path, body, headers); }

  /** Waits until the answer fits, for at most 15 s. */
  async until(path, fits) {
    const end = Date.now() + 15_000;
    for (;;) {
      const got = await this.get(path);
      if (fits(got)) return got;
      if (Date.now() > end) throw new Error(`${path} did not become what was wanted: ${JSON.stringify(got).slice(0, 600)}`);
      await new Promise(done => setTimeout(done, 50));
    }
  }

  register(name, email = 'ada@example.org') {
    return this.post('/customers', {name, email, address: {street: '1 Long Lane', city: 'London', postcode: 'E1 1AA', country: 'GB'}});
  }
  order(customer, sku, quantity = 1, card = '4000-0000-0000-0077', headers = {}) {
    return this.post('/orders', {customer_id: customer, lines: [{sku, quantity}], payment: {card}}, headers);
  }
  /** A price job of which its worker dies each time, as long as the bug is not mended. */
  poison(sku) { return this.post('/pricing/jobs', {sku, percent: -100}); }
}
