import com.lmax.disruptor.EventHandler;
import com.lmax.disruptor.YieldingWaitStrategy;
import com.lmax.disruptor.dsl.Disruptor;
import com.lmax.disruptor.dsl.ProducerType;
import com.lmax.disruptor.util.DaemonThreadFactory;
import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;

/**
 * W6: the time from send to handle, at a given pace, from one thread to another.
 *
 * <p>SPDX-License-Identifier: MIT
 */
final class Latency {
    private static final long SHORTEST_SLEEP_NS = 200_000;
    private static final OperatingSystemMXBean SYSTEM =
        ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

    private Latency() {}

    private static final class Receiver implements EventHandler<Event> {
        private final long[] samples;
        private final CountDownLatch done = new CountDownLatch(1);
        private int arrived;
        private long inOrder;

        Receiver(int count) {
            samples = new long[count];
        }

        @Override
        public void onEvent(Event event, long place, boolean endOfBatch) {
            samples[arrived++] = System.nanoTime() - event.value;
            if (event.seq == inOrder) {
                inOrder++;
            }
            if (arrived == samples.length) {
                done.countDown();
            }
        }
    }

    /**
     * A sender that falls behind catches up. It sleeps between two events where the period allows it,
     * and else spins: no timer keeps a period of 10 us.
     */
    private static void waitUntil(long due, long periodNs) {
        if (periodNs > SHORTEST_SLEEP_NS) {
            LockSupport.parkNanos(due - System.nanoTime());
        }
        while (System.nanoTime() - due < 0) {
            Thread.onSpinWait();
        }
    }

    static Map<String, Double> paced(int events, long periodNs, double scale) throws Exception {
        int count = Peer.scaled(events, scale);
        Receiver receiver = new Receiver(count);
        Disruptor<Event> ring = new Disruptor<>(Event::new, Peer.RING_SIZE, DaemonThreadFactory.INSTANCE,
            ProducerType.SINGLE, new YieldingWaitStrategy());
        ring.handleEventsWith(receiver);
        ring.start();

        long cpuNs = SYSTEM.getProcessCpuTime();
        long start = System.nanoTime();
        for (int seq = 0; seq < count; seq++) {
            waitUntil(start + seq * periodNs, periodNs);
            Peer.publish(ring.getRingBuffer(), seq, System.nanoTime(), null);
        }
        Peer.await(receiver.done);
        long tookNs = System.nanoTime() - start;
        cpuNs = SYSTEM.getProcessCpuTime() - cpuNs;
        ring.halt();
        Peer.expect("events in order", receiver.inOrder, count);

        long[] samples = receiver.samples;
        Arrays.sort(samples);
        Map<String, Double> figures = new LinkedHashMap<>();
        figures.put("p50 us", samples[(int) ((count - 1) * 500L / 1000)] / 1e3);
        figures.put("p99 us", samples[(int) ((count - 1) * 990L / 1000)] / 1e3);
        figures.put("p999 us", samples[(int) ((count - 1) * 999L / 1000)] / 1e3);
        figures.put("cpu s", (double) cpuNs / tookNs);
        return figures;
    }
}
