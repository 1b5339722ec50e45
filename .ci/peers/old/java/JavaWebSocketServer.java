import java.io.ByteArrayOutputStream;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;
import java.util.Map;
import java.util.WeakHashMap;
import org.java_websocket.WebSocket;
import org.java_websocket.drafts.Draft;
import org.java_websocket.exceptions.InvalidDataException;
import org.java_websocket.framing.Framedata;
import org.java_websocket.framing.Framedata.Opcode;
import org.java_websocket.framing.FramedataImpl1;
import org.java_websocket.handshake.ClientHandshake;
import org.java_websocket.handshake.ServerHandshakeBuilder;
import org.java_websocket.server.WebSocketServer;

/** A server by the contract in ../../README.md, in every version that Java-WebSocket speaks. */
public class JavaWebSocketServer extends WebSocketServer {
    /** A message of which not all frames have come. */
    static class Parts {
        Opcode opcode;
        ByteArrayOutputStream payload = new ByteArrayOutputStream();
    }

    private final Map<WebSocket, Parts> parts = Collections.synchronizedMap(new WeakHashMap<>());

    JavaWebSocketServer() {
        super(new InetSocketAddress("127.0.0.1", 0));
    }

    public static void main(String[] args) throws Exception {
        JavaWebSocketServer server = new JavaWebSocketServer();
        server.start();
        Thread waker = new Thread(server::wake);
        waker.setDaemon(true);
        waker.start();
        while (server.getPort() <= 0) {
            Thread.sleep(10);
        }
        System.out.println("listening on ws://127.0.0.1:" + server.getPort() + "/");
    }

    /** Repeats the wish to write, which the library forgets if it comes while it has just written all there was. */
    private void wake() {
        try {
            for (;; Thread.sleep(20)) {
                synchronized (connections()) {
                    for (WebSocket c : connections()) {
                        if (c.hasBufferedData()) {
                            onWriteDemand(c);
                        }
                    }
                }
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public ServerHandshakeBuilder onWebsocketHandshakeReceivedAsServer(WebSocket c, Draft draft, ClientHandshake request)
            throws InvalidDataException {
        ServerHandshakeBuilder response = super.onWebsocketHandshakeReceivedAsServer(c, draft, request);
        for (String name : new String[] {"Sec-WebSocket-Protocol", "WebSocket-Protocol"}) {
            if (Arrays.asList(request.getFieldValue(name).split(", *")).contains("b")) {
                response.put(name, "b");
            }
        }
        return response;
    }

    @Override
    public void onOpen(WebSocket c, ClientHandshake request) {
        URI uri = URI.create(request.getResourceDescriptor());
        switch (uri.getPath()) {
            case "/close":
                if (uri.getQuery() == null) {
                    c.close();
                } else {
                    String[] query = uri.getQuery().split("[=&]");
                    c.close(Integer.parseInt(query[1]), query[3]);
                }
                break;
            case "/cut":
                new Thread(() -> cut(c)).start();
                break;
            case "/greet":
                c.send("hello");
                break;
            case "/fragments":
                byte[] bytes = new byte[256];
                for (int i = 0; i < bytes.length; i++) {
                    bytes[i] = (byte) i;
                }
                send(c, Opcode.TEXT, "grüße 😀".getBytes(StandardCharsets.UTF_8), 3);
                send(c, Opcode.BINARY, bytes, 100);
                break;
            case "/ping":
                send(c, Opcode.PING, true, new byte[] {'p'});
                break;
            default:
        }
    }

    /** Ends TCP when the response has left: at once it would be lost. */
    private static void cut(WebSocket c) {
        do {
            Thread.yield();
        } while (c.hasBufferedData());
        c.closeConnection(1006, "");
    }

    private static void send(WebSocket c, Opcode opcode, byte[] payload, int cut) {
        send(c, opcode, false, Arrays.copyOf(payload, cut));
        send(c, Opcode.PING, true, new byte[0]);
        send(c, Opcode.CONTINUOUS, true, Arrays.copyOfRange(payload, cut, payload.length));
    }

    private static void send(WebSocket c, Opcode opcode, boolean fin, byte[] payload) {
        try {
            FramedataImpl1 frame = new FramedataImpl1(opcode);
            frame.setFin(fin);
            frame.setPayload(ByteBuffer.wrap(payload));
            c.sendFrame(frame);
        } catch (InvalidDataException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void onMessage(WebSocket c, String text) {
        c.send(text);
    }

    @Override
    public void onMessage(WebSocket c, ByteBuffer bytes) {
        c.send(bytes);
    }

    @Override
    public void onWebsocketMessageFragment(WebSocket c, Framedata frame) {
        Parts message = parts.computeIfAbsent(c, key -> new Parts());
        if (frame.getOpcode() != Opcode.CONTINUOUS) {
            message.opcode = frame.getOpcode();
        }
        byte[] payload = new byte[frame.getPayloadData().remaining()];
        frame.getPayloadData().get(payload);
        message.payload.write(payload, 0, payload.length);
        if (frame.isFin()) {
            parts.remove(c);
            send(c, message.opcode, true, message.payload.toByteArray());
        }
    }

    @Override
    public void onWebsocketPong(WebSocket c, Framedata frame) {
        if (frame.getPayloadData().remaining() == 1) {
            c.send("ponged");
        }
    }

    @Override
    public void onClose(WebSocket c, int code, String reason, boolean remote) {}

    @Override
    public void onError(WebSocket c, Exception e) {} // the clients end in every way there is
}
