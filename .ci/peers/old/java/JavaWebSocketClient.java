import java.net.URI;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.java_websocket.client.WebSocketClient;
import org.java_websocket.drafts.Draft;
import org.java_websocket.drafts.Draft_10;
import org.java_websocket.drafts.Draft_17;
import org.java_websocket.drafts.Draft_75;
import org.java_websocket.drafts.Draft_76;
import org.java_websocket.handshake.ServerHandshake;

/** The client of ../README.md. */
public class JavaWebSocketClient extends WebSocketClient {
    private final BlockingQueue<Object> received = new LinkedBlockingQueue<>();
    private final String protocolField;

    /** Connects. Some keys of Draft_76 contain DEL, which HTTP does not allow: the server refuses them. */
    static JavaWebSocketClient connect(String url, String version) throws Exception {
        for (int attempt = 0; attempt < 20; attempt++) {
            JavaWebSocketClient client = new JavaWebSocketClient(url, draft(version),
                version.equals("hixie-75") ? "WebSocket-Protocol" : "Sec-WebSocket-Protocol");
            if (client.connectBlocking()) {
                return client;
            }
            if (!version.equals("hixie-76")) {
                break;
            }
        }
        throw new AssertionError("no connection");
    }

    private JavaWebSocketClient(String url, Draft draft, String protocolField) {
        super(URI.create(url), draft, Map.of(protocolField, "b"), 0);
        this.protocolField = protocolField;
    }

    private static Draft draft(String version) {
        switch (version) {
            case "13": return new Draft_17();
            case "8": return new Draft_10();
            case "hixie-76": return new Draft_76();
            case "hixie-75": return new Draft_75();
            default: throw new AssertionError(version);
        }
    }

    public static void main(String[] args) throws Exception {
        boolean hixie = args[1].startsWith("hixie");
        JavaWebSocketClient client = connect(args[0], args[1]);
        for (String text : Plan.texts(hixie ? 127 : 65536)) {
            if (!hixie || !text.isEmpty()) {
                client.send(text);
                Plan.same(text, client.next());
            }
        }
        for (int size : hixie ? new int[0] : Plan.SIZES) {
            client.send(Plan.bytes(size));
            Plan.same(Plan.bytes(size), client.next());
        }
        if (!hixie) {
            Thread.sleep(Plan.PINGS);
        }
        client.send("still there");
        Plan.same("still there", client.next());
        if (args[1].equals("hixie-75")) { // has no closing handshake, and close does not end TCP
            client.getConnection().closeConnection(1000, "");
        } else {
            client.getConnection().close(hixie ? 1000 : 4000);
        }
        Plan.same(hixie ? "close 1000" : "close 4000", client.next());

        client = connect(args[0], args[1]);
        System.out.println("waiting");
        Plan.same(hixie ? "close 1000" : "close 1001", client.next());
    }

    Object next() throws Exception {
        return received.poll(Plan.LIMIT, TimeUnit.SECONDS);
    }

    @Override
    public void onOpen(ServerHandshake response) {
        if (!response.getFieldValue(protocolField).equals("b")) {
            received.add("the server has not chosen the subprotocol b");
        }
    }

    @Override
    public void onMessage(String text) {
        received.add(text);
    }

    @Override
    public void onMessage(ByteBuffer bytes) {
        byte[] copy = new byte[bytes.remaining()];
        bytes.get(copy);
        received.add(copy);
    }

    @Override
    public void onClose(int code, String reason, boolean remote) {
        received.add("close " + code);
    }

    @Override
    public void onError(Exception e) {
        received.add(e);
    }
}
