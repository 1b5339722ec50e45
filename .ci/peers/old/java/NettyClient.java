import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.*;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http.*;
import io.netty.handler.codec.http.websocketx.*;
import io.netty.util.CharsetUtil;
import java.net.URI;
import java.util.Map;
import java.util.concurrent.*;

/** The client of ../README.md. */
public class NettyClient {
    static final Map<String, WebSocketVersion> VERSIONS = Map.of("13", WebSocketVersion.V13, "8", WebSocketVersion.V08,
        "7", WebSocketVersion.V07, "hixie-76", WebSocketVersion.V00);

    public static void main(String[] args) throws Exception {
        boolean hixie = args[1].startsWith("hixie");
        EventLoopGroup group = new NioEventLoopGroup(1);
        try (Peer peer = new Peer(group, args[0], args[1])) {
            for (String text : Plan.texts(hixie ? 127 : 65536)) {
                peer.send(new TextWebSocketFrame(text));
                Plan.same(text, peer.next());
            }
            for (int size : hixie ? new int[0] : Plan.SIZES) {
                byte[] bytes = Plan.bytes(size);
                peer.send(new BinaryWebSocketFrame(Unpooled.wrappedBuffer(bytes)));
                Plan.same(bytes, peer.next());
            }
            if (!hixie) {
                peer.send(new TextWebSocketFrame(false, 0, "grü"));
                peer.send(new PingWebSocketFrame(Unpooled.copiedBuffer("between", CharsetUtil.US_ASCII)));
                peer.send(new ContinuationWebSocketFrame(true, 0, "ße"));
                Plan.same("pong between", peer.next());
                Plan.same("grüße", peer.next());
                Thread.sleep(Plan.PINGS);
            }
            peer.send(new TextWebSocketFrame("still there"));
            Plan.same("still there", peer.next());
            peer.send(hixie ? new CloseWebSocketFrame() : new CloseWebSocketFrame(4000, "see you"));
            Plan.same(hixie ? "close" : "close 4000 ", peer.next());
        }
        try (Peer peer = new Peer(group, args[0], args[1])) {
            System.out.println("waiting");
            Plan.same(hixie ? "close" : "close 1001", peer.next().toString().substring(0, hixie ? 5 : 10));
            peer.send(new CloseWebSocketFrame());
        }
        group.shutdownGracefully();
    }

    /** A connection, whose messages wait in a queue. */
    static class Peer extends SimpleChannelInboundHandler<Object> implements AutoCloseable {
        private final BlockingQueue<Object> received = new LinkedBlockingQueue<>();
        private final CompletableFuture<Void> open = new CompletableFuture<>();
        private final WebSocketClientHandshaker handshaker;
        private final Channel channel;

        Peer(EventLoopGroup group, String url, String version) throws Exception {
            URI uri = new URI(url);
            handshaker = WebSocketClientHandshakerFactory.newHandshaker(uri, VERSIONS.get(version), "b", false,
                new DefaultHttpHeaders(), NettyServer.LIMIT);
            channel = new Bootstrap().group(group).channel(NioSocketChannel.class).handler(new ChannelInitializer<Channel>() {
                @Override
                protected void initChannel(Channel c) {
                    c.pipeline().addLast(new HttpClientCodec(), new HttpObjectAggregator(1 << 16), Peer.this);
                }
            }).connect(uri.getHost(), uri.getPort()).sync().channel();
            open.get(Plan.LIMIT, TimeUnit.SECONDS);
            Plan.same("b", handshaker.actualSubprotocol());
        }

        void send(WebSocketFrame frame) throws Exception {
            channel.writeAndFlush(frame).sync();
        }

        Object next() throws Exception {
            return received.poll(Plan.LIMIT, TimeUnit.SECONDS);
        }

        /** The server ends TCP. */
        @Override
        public void close() throws Exception {
            if (!channel.closeFuture().await(Plan.LIMIT, TimeUnit.SECONDS)) {
                throw new AssertionError("the server has not closed the connection");
            }
        }

        @Override
        public void channelActive(ChannelHandlerContext ctx) {
            handshaker.handshake(ctx.channel());
        }

        @Override
        protected void channelRead0(ChannelHandlerContext ctx, Object message) {
            if (message instanceof FullHttpResponse) {
                try {
                    handshaker.finishHandshake(ctx.channel(), (FullHttpResponse) message);
                    open.complete(null);
                } catch (Exception e) {
                    open.completeExceptionally(e);
                }
            } else if (message instanceof TextWebSocketFrame) {
                received.add(((TextWebSocketFrame) message).text());
            } else if (message instanceof BinaryWebSocketFrame) {
                byte[] bytes = new byte[((WebSocketFrame) message).content().readableBytes()];
                ((WebSocketFrame) message).content().readBytes(bytes);
                received.add(bytes);
            } else if (message instanceof PingWebSocketFrame) {
                ctx.writeAndFlush(new PongWebSocketFrame(((WebSocketFrame) message).content().retain()));
            } else if (message instanceof PongWebSocketFrame) {
                received.add("pong " + ((WebSocketFrame) message).content().toString(CharsetUtil.US_ASCII));
            } else if (message instanceof CloseWebSocketFrame) {
                CloseWebSocketFrame close = (CloseWebSocketFrame) message;
                received.add(close.statusCode() < 0 ? "close" : "close " + close.statusCode() + " " + close.reasonText());
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            open.completeExceptionally(cause);
            received.add(cause);
        }
    }
}
