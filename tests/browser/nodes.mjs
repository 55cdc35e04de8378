// A real cluster for one test: three nodes of the real program, on free ports, with data folders of their own.

import {spawn} from 'node:child_process';
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {createServer} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {Shop} from './shop.mjs';

const shares = {
  north: ['catalog', 'customer', 'inventory', 'order'],
  east: ['acquirer', 'fraud', 'payment', 'pricing'],
  south: ['hospital', 'notification', 'shipping', 'warehouse'],
};

/** Ports that were free a moment ago. */
async function freePorts(count) {
  const servers = await Promise.all(Array.from({length: count}, () => new Promise((done, fail) => {
    const server = createServer();
    server.once('error', fail);
    server.listen(0, '127.0.0.1', () => done(server));
  })));
  const ports = servers.map(one => one.address().port);
  await Promise.all(servers.map(one => new Promise(done => one.close(done))));
  return ports;
}

export class Nodes {
  #program;
  #config;
  #settings;
  #folder;
  #nodes = new Map();

  constructor({program, config, settings = []}) {
    this.#program = program;
    this.#config = config;
    this.#settings = settings;
  }

  async start() {
    this.#folder = await mkdtemp(join(tmpdir(), 'musiccorp-browser-'));
    const ports = await freePorts(6);
    const file = join(this.#folder, 'cluster.json');
    await writeFile(file, JSON.stringify({cluster: 'three', settings: this.#config,
      nodes: Object.entries(shares).map(([name, hosts]) => ({
        name, link: `127.0.0.1:${ports.pop()}`, http: `127.0.0.1:${ports.pop()}`, hosts}))}));
    await Promise.all(Object.keys(shares).map(async name => {
      const node = new Shop({program: this.#program, config: file, name, settings: this.#settings});
      this.#nodes.set(name, node);
      await node.start();
    }));
  }

  node(name) { return this.#nodes.get(name); }

  async end() {
    await Promise.all([...this.#nodes.values()].map(one => one.end()));
    if (this.#folder) await rm(this.#folder, {recursive: true, force: true});
  }
}
