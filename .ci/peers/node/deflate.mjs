// permessage-deflate with a library in both roles, with every set of parameters.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { client, run, serve } from './processes.mjs'
import { relay } from './relay.mjs'
import { exchange } from './traffic.mjs'

const timeout = 120000
const seed = 1

export const windows = ['server_max_window_bits', 'client_max_window_bits']

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
export function agreed(set, without) {
  const said = Object.entries(set).filter(([name, value]) => !(value === 15 && without.includes(name)))
  return ['permessage-deflate', header(Object.fromEntries(said))].filter(Boolean).join('; ')
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
    await exchange(conn, count, seed)
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
async function asServer({ library, lacks, plain }, options, offer, count, answer, set) {
  const server = await library.serve({ deflate: options })
  try {
    const without = [...lacks, ...plain(set) ? [] : ['traffic-in']].join()
    const flags = ['-deflate', offer, '-agreed', answer, '-messages', count, '-seed', seed]
    const { out, err, status } = await run(client, ['-url', server.url, '-without', without, ...flags])
    assert.equal(status, 0, `${out}${err}`)
  } finally {
    server.stop()
  }
}

// testDeflate tests a library:
//
//   options(set, role)     what asks for a set as a client, and limits to it as a
//                          server
//   answerToOffer(set)     what its server agrees to if a set is offered
//   answerWithLimits(set)  and if the set are its own limits
//   plain(set)             whether its server sends some messages without compression
//   lacks                  the steps that its server cannot do, as in servers.test.mjs
export function testDeflate(row, some = sets) {
  const { library, options, answerToOffer, answerWithLimits } = row
  describe(`deflate with ${library.name}, seed ${seed}`, { concurrency: 2 }, () => {
    for (const set of some) {
      // Our server says nothing of a client's window that is not limited.
      test(name(library, 'offers', set), { timeout }, () =>
        asClient(row, options(set, 'client'), '-deflate', many(set), agreed(set, ['client_max_window_bits'])))
      test(name(library, 'follows the limits', set), { timeout }, () =>
        asClient(row, options({}, 'client'), `-deflate=${header(set, ',') || 'true'}`, few, agreed(set, windows)))
      test(name(library, 'accepts', set), { timeout }, () =>
        asServer(row, options({}, 'server'), header(set, ','), many(set), answerToOffer(set), set))
      test(name(library, 'limits', set), { timeout }, () =>
        asServer(row, options(set, 'server'), '', few, answerWithLimits(set), set))
    }
  })
}
