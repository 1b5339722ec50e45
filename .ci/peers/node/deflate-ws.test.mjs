import { agreed, testDeflate } from './deflate.mjs'
import * as ws from './libraries/ws.mjs'

testDeflate({
  library: ws,
  options: set => ({
    serverNoContextTakeover: set.server_no_context_takeover,
    clientNoContextTakeover: set.client_no_context_takeover,
    serverMaxWindowBits: set.server_max_window_bits,
    clientMaxWindowBits: set.client_max_window_bits,
  }),
  answerToOffer: set => agreed(set, []),
  answerWithLimits: set => agreed(set, []),
  plain: set => set.server_no_context_takeover, // else it compresses short messages too
  lacks: [],
})
