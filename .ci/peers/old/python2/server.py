"""A server by the contract in ../../README.md, with Tornado 2.0 and Python 2.7."""

import logging

import tornado.httpserver
import tornado.ioloop
import tornado.web
from tornado.websocket import WebSocketHandler


class Connection(WebSocketHandler):
    def open(self):
        path = self.request.path
        if path == "/close":
            self.close()
        elif path == "/cut":
            self.cut()
        elif path == "/greet":
            self.write_message("hello")

    def cut(self):
        if self.stream.writing():  # the end of the handshake
            tornado.ioloop.IOLoop.instance().add_callback(self.cut)
        else:
            self.stream.close()

    def on_message(self, message):
        self.write_message(message)


class Refusal(tornado.web.RequestHandler):
    def get(self):
        self.set_status(403)
        self.write("no entry")


def main():
    logging.disable(logging.CRITICAL)  # clients that vanish would be logged
    handlers = [(r"/refuse", Refusal), (r"/.*", Connection)]
    server = tornado.httpserver.HTTPServer(tornado.web.Application(handlers))
    server.bind(0, "127.0.0.1")
    print("listening on ws://127.0.0.1:%d/" % server._sockets.values()[0].getsockname()[1])
    server.start()
    tornado.ioloop.IOLoop.instance().start()


if __name__ == "__main__":
    main()
