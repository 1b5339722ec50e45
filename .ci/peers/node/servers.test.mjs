// The libraries as servers: the scenario client walks through what they serve.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as faye from './libraries/faye-websocket.mjs'
import * as nodejs from './libraries/nodejs-websocket.mjs'
import * as driver from './libraries/websocket-driver.mjs'
import * as websocket from './libraries/websocket.mjs'
import * as ws from './libraries/ws.mjs'
import { client, run } from './processes.mjs'

const closesWith1000 = 'close() without a code sends 1000'
const noFragments = 'it has no way to send a message in several frames'

// In each row: what the server cannot do, and why, and the versions that it
// speaks or refuses, and with what.
const table = [
  {
    library: ws,
    lacks: {},
    versions: { 13: 'spoken', 8: 'spoken', 7: 400, 'hixie-76': 400, 'hixie-75': 400 },
  },
  {
    library: websocket,
    lacks: {
      'refuse-body': 'reject() sends no body',
      'close-server-no-code': closesWith1000,
    },
    versions: { 13: 'spoken', 8: 'spoken', 7: 426, 'hixie-76': 400, 'hixie-75': 400 },
  },
  {
    library: driver,
    lacks: { 'fragments-in': noFragments, 'close-server-no-code': closesWith1000 },
    // To hixie-76 it answers 400, or nothing: it takes the 8 random bytes behind
    // the head for a frame.
    versions: { 13: 'spoken', 8: 400, 7: 400, 'hixie-75': 400 },
  },
  {
    library: driver,
    options: { drafts: true },
    lacks: { 'fragments-in': noFragments, 'close-server-no-code': closesWith1000 },
    versions: { 13: 'spoken', 8: 400, 7: 400 },
  },
  {
    library: driver,
    options: { drafts: true },
    lacks: { subprotocol: 'in hixie it leaves the field out' },
    versions: { 'hixie-76': 'spoken', 'hixie-75': 'spoken' },
  },
  {
    library: faye,
    lacks: { 'fragments-in': noFragments, 'close-server-no-code': closesWith1000 },
    versions: { 13: 'spoken', 8: 400, 7: 400, 'hixie-76': 400, 'hixie-75': 400 },
  },
  {
    library: nodejs,
    lacks: {
      'fragments-inside': 'it decodes each frame by itself',
      'fragments-in': 'it can send bytes in several frames, and not text',
      refuse: 'it knows 400 for requests that are wrong, and no other refusal',
      'refuse-body': 'likewise',
    },
    versions: { 13: 'spoken', 8: 400, 7: 400, 'hixie-76': 400, 'hixie-75': 400 },
  },
]

describe('servers', { concurrency: 2 }, () => {
  for (const { library, options, lacks, versions } of table) {
    for (const [version, spoken] of Object.entries(versions)) {
      const name = `${library.name}${options?.drafts ? ' with drafts' : ''}, ${version}`
      test(`${name}: ${spoken}`, { timeout: 120000 }, async () => {
        const server = await library.serve(options)
        const flags = spoken === 'spoken' ? ['-without', Object.keys(lacks).join()] : ['-refused', spoken]
        try {
          const { out, err, status } = await run(client, ['-url', server.url, '-version', version, ...flags])
          assert.equal(status, 0, `${out}${err}`)
        } finally {
          server.stop()
        }
      })
    }
  }
})
