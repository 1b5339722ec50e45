import { agreed, testDeflate, windows } from './deflate.mjs'
import * as faye from './libraries/faye-websocket.mjs'
import * as driver from './libraries/websocket-driver.mjs'

// permessageDeflate is npm's, below both libraries.
const permessageDeflate = {
  options(set, role) {
    const names = role === 'client'
      ? ['noContextTakeover', 'maxWindowBits', 'requestNoContextTakeover', 'requestMaxWindowBits']
      : ['requestNoContextTakeover', 'requestMaxWindowBits', 'noContextTakeover', 'maxWindowBits']
    const values = [set.client_no_context_takeover, set.client_max_window_bits,
      set.server_no_context_takeover, set.server_max_window_bits]
    return Object.fromEntries(names.map((name, i) => [name, values[i]]).filter(([, value]) => value !== undefined))
  },
  answerToOffer: set => agreed(set, windows),
  // It keeps to a limit of its own, and does not say so where it was not asked.
  answerWithLimits: ({ server_max_window_bits: _, ...set }) => agreed(set, windows),
  plain: () => false, // it compresses all messages
  lacks: ['fragments-in', 'close-server-no-code'],
}

testDeflate({ library: driver, ...permessageDeflate })
testDeflate({ library: faye, ...permessageDeflate }, [{}])
