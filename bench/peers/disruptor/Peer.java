import com.lmax.disruptor.RingBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * The peer "Disruptor", LMAX's ring buffer; Debian 12 has disruptor 3.4.4 and OpenJDK 17.
 *
 * <p>An actor is an EventHandler on a thread of its own. Events are places of a ring of 1,024,
 * written in place and read there by all handlers; a publisher waits for a place that the last
 * handler has left. All see the order of the ring. A pipeline is one ring whose handlers follow each
 * other; a round trip is two rings. Handlers wait by yielding, but where there are a hundred: those
 * block.
 *
 * <p>"one" and "two" are the cores that all threads share. Every producer is a thread, and so
 * W4/threads is W4/actors-two.
 *
 * <p>SPDX-License-Identifier: MIT
 */
final class Peer {
    static final int RING_SIZE = 1024;
    private static final int WARM_UPS = 2;
    private static final double WARM_UP_SCALE = 0.25;
    private static final long PATIENCE_S = 60;

    /** Prints nothing, as it also runs to warm up: it returns its figures, "name unit" to value. */
    interface Variant {
        Map<String, Double> run(double scale) throws Exception;
    }

    private Peer() {}

    private static Map<String, Variant> variants() {
        Map<String, Variant> variants = new LinkedHashMap<>();
        variants.put("W1/one", scale -> Flow.pingPong(300_000, scale));
        variants.put("W1/two", scale -> Flow.pingPong(1_000_000, scale));
        variants.put("W2/one", Flow::pipeline);
        variants.put("W2/two", Flow::pipeline);
        variants.put("W3/one", scale -> Fan.out(0, scale));
        variants.put("W3/two", scale -> Fan.out(0, scale));
        variants.put("W3/one-1KiB", scale -> Fan.out(1 << 10, scale));
        variants.put("W3/one-64KiB", scale -> Fan.out(64 << 10, scale));
        variants.put("W4/actors", Fan::in);
        variants.put("W4/actors-two", Fan::in);
        variants.put("W4/threads", Fan::in);
        variants.put("W6/100k", scale -> Latency.paced(100_000, 10_000, scale));
        variants.put("W6/1k", scale -> Latency.paced(2_000, 1_000_000, scale));
        variants.put("W7/one", Flow::workingPipeline);
        variants.put("W7/two", Flow::workingPipeline);
        return variants;
    }

    /** A count of events at a scale, at least one. */
    static int scaled(int count, double scale) {
        return Math.max(1, (int) (count * scale));
    }

    static double perSecond(long count, long tookNs) {
        return count * 1e9 / tookNs;
    }

    /** Publishes one event: claims a place, writes it, and lets it be seen. */
    static void publish(RingBuffer<Event> ring, long seq, long value, byte[] payload) {
        long place = ring.next();
        Event event = ring.get(place);
        event.seq = seq;
        event.value = value;
        event.payload = payload;
        ring.publish(place);
    }

    /** Sinks count down when the last event has come; what they have counted is then visible. */
    static void await(CountDownLatch done) throws InterruptedException {
        if (!done.await(PATIENCE_S, TimeUnit.SECONDS)) {
            throw new IllegalStateException("events are missing at a sink");
        }
    }

    static void expect(String what, long count, long expected) {
        if (count != expected) {
            throw new IllegalStateException(count + " " + what + ", expected " + expected);
        }
    }

    private static void run(String name, double scale) throws Exception {
        Variant variant = variants().get(name);
        if (variant == null) {
            throw new IllegalArgumentException("no variant " + name);
        }
        for (int i = 0; i < WARM_UPS; i++) {
            variant.run(scale * WARM_UP_SCALE);
        }
        variant.run(scale).forEach((figure, value) -> System.out.printf("%s %.3f%n", figure, value));
    }

    private static void command(String[] args) throws Exception {
        if (args.length == 1 && args[0].equals("list")) {
            variants().keySet().forEach(System.out::println);
        } else if (args.length == 1 && args[0].equals("about")) {
            System.out.println("LMAX Disruptor " + System.getProperty("disruptor.version") + " (OpenJDK " + Runtime.version() + "): handlers on rings of " + RING_SIZE
                + " places; a publisher waits when the ring is full; events are written in place and shared; "
                + "an actor is a thread, one/two: the cores that all of them share; handlers yield as they wait, "
                + "in W3 they block; " + WARM_UPS + " runs at scale " + WARM_UP_SCALE + " warm up first");
        } else if (args.length >= 2 && args.length <= 3 && args[0].equals("run")) {
            run(args[1], args.length == 3 ? Double.parseDouble(args[2]) : 1.0);
        } else {
            throw new IllegalArgumentException("usage: run-peer list | about | run VARIANT [SCALE]");
        }
    }

    public static void main(String[] args) {
        try {
            command(args);
        } catch (Exception why) {
            System.err.println(why.getMessage());
            System.exit(1);
        }
    }
}
