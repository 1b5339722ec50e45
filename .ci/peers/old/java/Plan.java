import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What the clients of ../README.md send and expect. */
final class Plan {
    static final int LIMIT = 60; // seconds; only what hangs gets there
    static final int PINGS = 3000; // milliseconds, in which the server sends pings
    static final int[] SIZES = {0, 1, 125, 126, 65535, 65536};

    private Plan() {}

    static List<String> texts(int longest) {
        List<String> texts = new ArrayList<>(List.of("", "hello", "grüße, κόσμε, 世界, 😀"));
        for (int size : new int[] {1, 125, 126, 127, 65535, 65536}) {
            if (size <= longest) {
                texts.add("x".repeat(size));
            }
        }
        return texts;
    }

    static byte[] bytes(int size) {
        byte[] bytes = new byte[size];
        for (int i = 0; i < size; i++) {
            bytes[i] = (byte) (i % 251);
        }
        return bytes;
    }

    static void same(Object want, Object got) {
        boolean same = want instanceof byte[] && got instanceof byte[] ? Arrays.equals((byte[]) want, (byte[]) got) : want.equals(got);
        if (!same) {
            throw new AssertionError("got " + shown(got) + ", expected " + shown(want));
        }
    }

    private static String shown(Object o) {
        String s = o instanceof byte[] ? ((byte[]) o).length + " bytes" : String.valueOf(o);
        return s.length() > 100 ? s.substring(0, 100) + "... (" + s.length() + ")" : s;
    }
}
