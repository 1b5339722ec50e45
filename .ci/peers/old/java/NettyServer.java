import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.*;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.*;
import io.netty.handler.codec.http.websocketx.*;
import io.netty.util.CharsetUtil;
import java.net.InetSocketAddress;
import java.util.Arrays;

/** A server by the contract in ../../README.md, in every version that Netty speaks. */
public class NettyServer extends ChannelInitializer<Channel> {
    static final int LIMIT = 16 << 20;

    public static void main(String[] args) throws Exception {
        Channel listener = new ServerBootstrap().group(new NioEventLoopGroup(1), new NioEventLoopGroup(2))
            .channel(NioServerSocketChannel.class).childHandler(new NettyServer())
            .bind(new InetSocketAddress("127.0.0.1", 0)).sync().channel();
        System.out.println("listening on ws://127.0.0.1:" + ((InetSocketAddress) listener.localAddress()).getPort() + "/");
        listener.closeFuture().sync();
    }

    @Override
    protected void initChannel(Channel c) {
        c.pipeline().addLast(new HttpServerCodec(), new HttpObjectAggregator(1 << 16), new Connection());
    }

    static class Connection extends SimpleChannelInboundHandler<Object> {
        private WebSocketServerHandshaker handshaker;
        private String path;

        @Override
        protected void channelRead0(ChannelHandlerContext ctx, Object message) {
            if (message instanceof FullHttpRequest) {
                request(ctx, (FullHttpRequest) message);
            } else {
                frame(ctx, (WebSocketFrame) message);
            }
        }

        private void request(ChannelHandlerContext ctx, FullHttpRequest request) {
            QueryStringDecoder url = new QueryStringDecoder(request.uri());
            path = url.path();
            if (path.equals("/refuse")) {
                ByteBuf body = Unpooled.copiedBuffer("no entry", CharsetUtil.US_ASCII);
                FullHttpResponse response = new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.FORBIDDEN, body);
                HttpUtil.setContentLength(response, body.readableBytes());
                ctx.writeAndFlush(response).addListener(ChannelFutureListener.CLOSE);
                return;
            }
            handshaker = new WebSocketServerHandshakerFactory("ws://" + request.headers().get(HttpHeaderNames.HOST) + request.uri(),
                "b", false, LIMIT).newHandshaker(request);
            if (handshaker == null) {
                WebSocketServerHandshakerFactory.sendUnsupportedVersionResponse(ctx.channel());
                return;
            }
            handshaker.handshake(ctx.channel(), request).addListener(done -> opened(ctx, url));
            if (handshaker.version() != WebSocketVersion.V00) { // what Netty's hixie decoder returns is whole
                String decoder = ctx.pipeline().context("wsdecoder").name();
                ctx.pipeline().addAfter(decoder, "aggregator", new WebSocketFrameAggregator(LIMIT));
            }
        }

        private void opened(ChannelHandlerContext ctx, QueryStringDecoder url) {
            switch (path) {
                case "/close":
                    if (url.parameters().containsKey("code")) {
                        int code = Integer.parseInt(url.parameters().get("code").get(0));
                        ctx.writeAndFlush(new CloseWebSocketFrame(code, url.parameters().get("reason").get(0)));
                    } else {
                        ctx.writeAndFlush(new CloseWebSocketFrame());
                    }
                    break;
                case "/cut":
                    ctx.close();
                    break;
                case "/greet":
                    ctx.writeAndFlush(new TextWebSocketFrame("hello"));
                    break;
                case "/fragments":
                    byte[] text = "grüße 😀".getBytes(CharsetUtil.UTF_8), bytes = new byte[256];
                    for (int i = 0; i < bytes.length; i++) {
                        bytes[i] = (byte) i;
                    }
                    parts(ctx, new TextWebSocketFrame(false, 0, part(text, 0, 3)), part(text, 3, text.length));
                    parts(ctx, new BinaryWebSocketFrame(false, 0, part(bytes, 0, 100)), part(bytes, 100, 256));
                    break;
                case "/ping":
                    ctx.writeAndFlush(new PingWebSocketFrame(Unpooled.copiedBuffer("p", CharsetUtil.US_ASCII)));
                    break;
                default:
            }
        }

        private static ByteBuf part(byte[] all, int from, int to) {
            return Unpooled.wrappedBuffer(Arrays.copyOfRange(all, from, to));
        }

        private static void parts(ChannelHandlerContext ctx, WebSocketFrame first, ByteBuf rest) {
            ctx.write(first);
            ctx.write(new PingWebSocketFrame());
            ctx.writeAndFlush(new ContinuationWebSocketFrame(true, 0, rest));
        }

        private void frame(ChannelHandlerContext ctx, WebSocketFrame frame) {
            if (frame instanceof CloseWebSocketFrame) {
                handshaker.close(ctx.channel(), (CloseWebSocketFrame) frame.retain());
            } else if (frame instanceof PingWebSocketFrame) {
                ctx.writeAndFlush(new PongWebSocketFrame(frame.content().retain()));
            } else if (frame instanceof PongWebSocketFrame) {
                if (path.equals("/ping") && frame.content().toString(CharsetUtil.US_ASCII).equals("p")) {
                    ctx.writeAndFlush(new TextWebSocketFrame("ponged"));
                }
            } else {
                ctx.writeAndFlush(frame.retain());
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            ctx.close(); // the clients end in every way there is
        }
    }
}
