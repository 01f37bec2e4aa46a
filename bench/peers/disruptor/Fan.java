import com.lmax.disruptor.BlockingWaitStrategy;
import com.lmax.disruptor.EventHandler;
import com.lmax.disruptor.RingBuffer;
import com.lmax.disruptor.YieldingWaitStrategy;
import com.lmax.disruptor.dsl.Disruptor;
import com.lmax.disruptor.dsl.ProducerType;
import com.lmax.disruptor.util.DaemonThreadFactory;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

/**
 * W3 and W4: one publisher and many subscribers, many producers and one consumer.
 *
 * <p>SPDX-License-Identifier: MIT
 */
final class Fan {
    private static final int SUBSCRIBERS = 100;
    private static final int PUBLISHES = 200_000;
    private static final int PRODUCERS = 8;
    private static final int PRODUCED = 500_000;

    private Fan() {}

    /** A hundred threads that yield would keep the cores from the publisher: here they block. */
    static Map<String, Double> out(int payloadSize, double scale) throws Exception {
        int count = Peer.scaled(PUBLISHES, scale);
        byte[] payload = payloadSize == 0 ? null : new byte[payloadSize];
        CountDownLatch done = new CountDownLatch(SUBSCRIBERS);
        Sink[] sinks = new Sink[SUBSCRIBERS];
        for (int i = 0; i < SUBSCRIBERS; i++) {
            sinks[i] = new Sink(count, 1, payloadSize, done);
        }
        Disruptor<Event> ring = new Disruptor<>(Event::new, Peer.RING_SIZE, DaemonThreadFactory.INSTANCE,
            ProducerType.SINGLE, new BlockingWaitStrategy());
        ring.handleEventsWith(sinks);
        ring.start();

        long start = System.nanoTime();
        for (int seq = 0; seq < count; seq++) {
            Peer.publish(ring.getRingBuffer(), seq, 1, payload);
        }
        Peer.await(done);
        ring.halt();
        long end = start;
        for (Sink sink : sinks) {
            Peer.expect("events in order at a subscriber", sink.inOrder, count);
            end = Math.max(end, sink.doneNs);
        }
        return Map.of("deliveries /s", Peer.perSecond((long) count * SUBSCRIBERS, end - start));
    }

    /** The value is the producer, seq counts per producer. */
    private static final class Consumer implements EventHandler<Event> {
        private final long count;
        private final CountDownLatch done;
        private final long[] inOrder = new long[PRODUCERS];
        private long arrived;
        private long doneNs;

        Consumer(long count, CountDownLatch done) {
            this.count = count;
            this.done = done;
        }

        @Override
        public void onEvent(Event event, long place, boolean endOfBatch) {
            int producer = (int) event.value;
            if (event.seq == inOrder[producer]) {
                inOrder[producer]++;
            }
            if (++arrived == count) {
                doneNs = System.nanoTime();
                done.countDown();
            }
        }
    }

    static Map<String, Double> in(double scale) throws Exception {
        int count = Peer.scaled(PRODUCED, scale);
        CountDownLatch done = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        Consumer consumer = new Consumer((long) count * PRODUCERS, done);
        Disruptor<Event> ring = new Disruptor<>(Event::new, Peer.RING_SIZE, DaemonThreadFactory.INSTANCE,
            ProducerType.MULTI, new YieldingWaitStrategy());
        ring.handleEventsWith(consumer);
        ring.start();
        for (int i = 0; i < PRODUCERS; i++) {
            int producer = i;
            DaemonThreadFactory.INSTANCE.newThread(() -> produce(ring.getRingBuffer(), producer, count, go)).start();
        }

        long start = System.nanoTime();
        go.countDown();
        Peer.await(done);
        ring.halt();
        for (long inOrder : consumer.inOrder) {
            Peer.expect("events in order from a producer", inOrder, count);
        }
        return Map.of("events /s", Peer.perSecond((long) count * PRODUCERS, consumer.doneNs - start));
    }

    private static void produce(RingBuffer<Event> ring, int producer, int count, CountDownLatch go) {
        try {
            go.await();
        } catch (InterruptedException why) {
            throw new IllegalStateException(why);
        }
        for (int seq = 0; seq < count; seq++) {
            Peer.publish(ring, seq, producer, null);
        }
    }
}
