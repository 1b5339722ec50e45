// Conn is what the adapters in libraries/ make of a library's connection, in
// either role. What comes is put into a queue, so nothing is lost that comes
// before somebody asks.
//
// The adapter sets:
//
//   protocol                   what was agreed on, '' for none
//   send(data)                 a string as text, a Buffer as binary
//   sendParts(kind, parts, between)
//                              a message in a frame for each part, all Buffers,
//                              calling between() after the first; missing where
//                              the library has nothing for it
//   ping(payload)              payload is a string
//   close(code, reason)        begins the closing handshake
//   cut()                      ends TCP without a close frame
//
// and calls put for what comes: text (data: string), binary (Buffer), ping and
// pong (string), close (code and reason).
export class Conn {
  #queue = []
  #wake = () => {}

  constructor(methods) {
    Object.assign(this, methods)
  }

  // put queues an event, or a promise of one, which keeps its place.
  put(event) {
    this.#queue.push(event)
    this.#wake()
  }

  // putMessage puts the event of a message.
  putMessage(data) {
    this.put({ kind: typeof data === 'string' ? 'text' : 'binary', data })
  }

  // next returns the next event.
  async next() {
    while (this.#queue.length === 0) await new Promise(resolve => { this.#wake = resolve })
    return this.#queue.shift()
  }

  // each calls handle with all events from now on: at once, as an application
  // does that listens to the library, unless a promise is before them.
  each(handle) {
    let busy = false
    this.#wake = async () => {
      if (busy) return
      busy = true
      while (this.#queue.length > 0) {
        const event = this.#queue.shift()
        handle(event instanceof Promise ? await event : event)
      }
      busy = false
    }
    this.#wake()
  }

  // message returns the data of the next message.
  async message() {
    const event = await this.until('text', 'binary')
    return event.data
  }

  // until returns the next event of certain kinds, and drops pings and pongs
  // before it. Anything else is an error.
  async until(...kinds) {
    for (;;) {
      const event = await this.next()
      if (kinds.includes(event.kind)) return event
      if (event.kind !== 'ping' && event.kind !== 'pong') {
        throw new Error(`${JSON.stringify(event).slice(0, 200)} came, expected ${kinds.join(' or ')}`)
      }
    }
  }
}
