import com.lmax.disruptor.EventHandler;
import java.util.concurrent.CountDownLatch;

/**
 * Counts the events that come in order, and tells when the last one has come.
 *
 * <p>SPDX-License-Identifier: MIT
 */
final class Sink implements EventHandler<Event> {
    private final long count;
    private final long value;
    private final int payloadSize;
    private final CountDownLatch done;
    private long arrived;
    long inOrder;
    long doneNs;

    Sink(long count, long value, int payloadSize, CountDownLatch done) {
        this.count = count;
        this.value = value;
        this.payloadSize = payloadSize;
        this.done = done;
    }

    @Override
    public void onEvent(Event event, long place, boolean endOfBatch) {
        if (event.seq == inOrder && event.value == value
                && (event.payload == null ? 0 : event.payload.length) == payloadSize) {
            inOrder++;
        }
        if (++arrived == count) {
            doneNs = System.nanoTime();
            done.countDown();
        }
    }
}
