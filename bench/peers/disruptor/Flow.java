import com.lmax.disruptor.EventHandler;
import com.lmax.disruptor.RingBuffer;
import com.lmax.disruptor.YieldingWaitStrategy;
import com.lmax.disruptor.dsl.Disruptor;
import com.lmax.disruptor.dsl.ProducerType;
import com.lmax.disruptor.util.DaemonThreadFactory;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

/**
 * W1, W2 and W7: events that go from one actor to the next.
 *
 * <p>SPDX-License-Identifier: MIT
 */
final class Flow {
    private static final int FLOW_EVENTS = 5_000_000;
    private static final int WORKING_EVENTS = 100_000;
    private static final int STAGES = 3;
    private static final long STAGE_WORK_NS = 2_000;

    private Flow() {}

    private static Disruptor<Event> ring() {
        return new Disruptor<>(Event::new, Peer.RING_SIZE, DaemonThreadFactory.INSTANCE,
            ProducerType.SINGLE, new YieldingWaitStrategy());
    }

    /** Answers each pong by the next ping. */
    private static final class Pinger implements EventHandler<Event> {
        private final RingBuffer<Event> pings;
        private final long rounds;
        private final CountDownLatch done;
        private long inOrder;
        private long doneNs;

        Pinger(RingBuffer<Event> pings, long rounds, CountDownLatch done) {
            this.pings = pings;
            this.rounds = rounds;
            this.done = done;
        }

        @Override
        public void onEvent(Event pong, long place, boolean endOfBatch) {
            if (pong.seq == inOrder && ++inOrder < rounds) {
                Peer.publish(pings, inOrder, 1, null);
            } else {
                doneNs = System.nanoTime();
                done.countDown();
            }
        }
    }

    static Map<String, Double> pingPong(int rounds, double scale) throws Exception {
        int count = Peer.scaled(rounds, scale);
        CountDownLatch done = new CountDownLatch(1);
        Disruptor<Event> pings = ring();
        Disruptor<Event> pongs = ring();
        RingBuffer<Event> answers = pongs.getRingBuffer();
        Pinger pinger = new Pinger(pings.getRingBuffer(), count, done);
        pings.handleEventsWith((ping, place, endOfBatch) -> Peer.publish(answers, ping.seq, ping.value, null));
        pongs.handleEventsWith(pinger);
        pings.start();
        pongs.start();

        long start = System.nanoTime();
        Peer.publish(pings.getRingBuffer(), 0, 1, null);
        Peer.await(done);
        pings.halt();
        pongs.halt();
        Peer.expect("round trips in order", pinger.inOrder, count);
        return Map.of("round_trip ns", (double) (pinger.doneNs - start) / count);
    }

    /** Sends events through the stages, each of which does its work for each event: the time in ns. */
    private static long flow(int count, Runnable work) throws Exception {
        CountDownLatch done = new CountDownLatch(1);
        Sink sink = new Sink(count, STAGES, 0, done);
        EventHandler<Event> stage = (event, place, endOfBatch) -> {
            work.run();
            event.value++;
        };
        Disruptor<Event> ring = ring();
        ring.handleEventsWith(stage).then(again(stage)).then(again(stage)).then(sink);
        ring.start();

        long start = System.nanoTime();
        for (int seq = 0; seq < count; seq++) {
            Peer.publish(ring.getRingBuffer(), seq, 0, null);
        }
        Peer.await(done);
        ring.halt();
        Peer.expect("events in order at the sink", sink.inOrder, count);
        return sink.doneNs - start;
    }

    /** A handler of its own: a ring knows its handlers by identity. */
    private static EventHandler<Event> again(EventHandler<Event> stage) {
        return (event, place, endOfBatch) -> stage.onEvent(event, place, endOfBatch);
    }

    static Map<String, Double> pipeline(double scale) throws Exception {
        int count = Peer.scaled(FLOW_EVENTS, scale);
        long tookNs = flow(count, () -> { });
        Map<String, Double> figures = new LinkedHashMap<>();
        figures.put("events /s", Peer.perSecond(count, tookNs));
        figures.put("hop ns", (double) tookNs / count / (STAGES + 1));
        return figures;
    }

    static Map<String, Double> workingPipeline(double scale) throws Exception {
        int count = Peer.scaled(WORKING_EVENTS, scale);
        long tookNs = flow(count, () -> {
            long end = System.nanoTime() + STAGE_WORK_NS;
            while (System.nanoTime() - end < 0) {
                Thread.onSpinWait();
            }
        });
        return Map.of("events /s", Peer.perSecond(count, tookNs));
    }
}
