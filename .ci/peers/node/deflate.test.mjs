// permessage-deflate with npm's ws and npm's permessage-deflate, both ways, with
// every set of parameters.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as faye from './libraries/faye-websocket.mjs'
import * as driver from './libraries/websocket-driver.mjs'
import * as ws from './libraries/ws.mjs'
import { client, run, serve } from './processes.mjs'
import { relay } from './relay.mjs'
import { exchange } from './traffic.mjs'

// How many messages: under context takeover, without it on some side (the
// libraries make a new stream of zlib for each then), and where only the handshake
// differs from another row.
const many = set => set.server_no_context_takeover || set.client_no_context_takeover ? 2000 : 10000
const few = 300

const all = [8, 9, 10, 11, 12, 13, 14, 15]

// sets are the sets of parameters. Node's zlib takes 9 for 8 when it compresses
// (its 9 refers back by less than 256 bytes) and knows 8 when it decompresses.
const sets = [
  {},
  { server_no_context_takeover: true },
  { client_no_context_takeover: true },
  { server_no_context_takeover: true, client_no_context_takeover: true },
  ...all.map(bits => ({ server_max_window_bits: bits })),
  ...all.map(bits => ({ client_max_window_bits: bits })),
  { server_no_context_takeover: true, client_no_context_takeover: true, server_max_window_bits: 9, client_max_window_bits: 10 },
]

// header writes parameters as they stand in the handshake.
function header(set, separator = '; ') {
  return Object.entries(set).map(([name, value]) => value === true ? name : `${name}=${value}`).join(separator)
}

// agreed is the answer to a set. Some leave a limit out that is none: without are
// the names of the parameters with which they do.
function agreed(set, without) {
  const said = Object.entries(set).filter(([name, value]) => !(value === 15 && without.includes(name)))
  return ['permessage-deflate', header(Object.fromEntries(said))].filter(Boolean).join('; ')
}

const windows = ['server_max_window_bits', 'client_max_window_bits']

// Options of the libraries for a set, on a client what it asks for and on a server
// what it limits. ws compresses messages of less than 1 KiB only under context
// takeover; permessage-deflate compresses all.
const libraries = [
  {
    library: ws,
    options: set => ({
      serverNoContextTakeover: set.server_no_context_takeover,
      clientNoContextTakeover: set.client_no_context_takeover,
      serverMaxWindowBits: set.server_max_window_bits,
      clientMaxWindowBits: set.client_max_window_bits,
    }),
    plainUnless: set => !set.server_no_context_takeover,
    answerToOffer: set => agreed(set, []),
    answerWithLimits: set => agreed(set, []),
  },
  ...[driver, faye].map(library => ({
    library,
    options: (set, side) => pick(side === 'client'
      ? {
          noContextTakeover: set.client_no_context_takeover,
          maxWindowBits: set.client_max_window_bits,
          requestNoContextTakeover: set.server_no_context_takeover,
          requestMaxWindowBits: set.server_max_window_bits,
        }
      : {
          noContextTakeover: set.server_no_context_takeover,
          maxWindowBits: set.server_max_window_bits,
          requestNoContextTakeover: set.client_no_context_takeover,
          requestMaxWindowBits: set.client_max_window_bits,
        }),
    plainUnless: () => true,
    answerToOffer: set => agreed(set, windows),
    // It keeps to a limit of its own and does not say so where it was not asked.
    answerWithLimits: ({ server_max_window_bits: _, ...set }) => agreed(set, windows),
  })),
]

// pick leaves out what is not set.
function pick(options) {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}

function name(library, what, set) {
  return `${library.name} ${what}: ${header(set, ', ') || 'no parameters'}`
}

// asClient has a library exchange messages with "wsdriver serve".
async function asClient({ library }, options, flag, count, answer) {
  const server = await serve(flag)
  const wire = await relay(server.url)
  try {
    const conn = await library.connect(wire.url, { deflate: options })
    assert.equal(wire.extensions, answer)
    await exchange(conn, count, 1)
    conn.close(1000, '')
    await conn.until('close')
    const sent = wire.counts('server')
    assert.ok(sent.compressed > 0 && sent.plain > 0, `the server has sent ${JSON.stringify(sent)}`)
    const came = wire.counts('client')
    assert.ok(came.compressed > 0, `the client has sent ${JSON.stringify(came)}`)
  } finally {
    wire.cut()
    assert.equal(await server.stop(), 0)
  }
}

// asServer has the scenario client walk through what a library serves.
async function asServer({ library, plainUnless }, options, offer, count, answer, set) {
  const server = await library.serve({ deflate: options })
  try {
    const lacks = library === ws ? [] : ['fragments-in', 'close-server-no-code'] // as in servers.test.mjs
    if (plainUnless(set)) lacks.push('traffic-in')
    const flags = ['-deflate', offer, '-agreed', answer, '-messages', String(count)]
    const { out, err, status } = await run(client, ['-url', server.url, '-without', lacks.join(), ...flags])
    assert.equal(status, 0, `${out}${err}`)
  } finally {
    server.stop()
  }
}

describe('deflate', { concurrency: 3 }, () => {
  for (const row of libraries) {
    const { library, options, answerToOffer, answerWithLimits } = row
    for (const set of row.library === faye ? [{}] : sets) { // faye has the same code below it
      // Our server says nothing of a client's window that is not limited.
      test(name(library, 'offers', set), () =>
        asClient(row, options(set, 'client'), '-deflate', many(set), agreed(set, ['client_max_window_bits'])))
      test(name(library, 'follows the limits', set), () =>
        asClient(row, options({}, 'client'), `-deflate=${header(set, ',') || 'true'}`, few, agreed(set, windows)))
      test(name(library, 'accepts', set), () =>
        asServer(row, options({}, 'server'), header(set, ','), many(set), answerToOffer(set), set))
      test(name(library, 'limits', set), () =>
        asServer(row, options(set, 'server'), '', few, answerWithLimits(set), set))
    }
  }
})
