/**
 * A place of a ring, 16 bytes of payload: sinks check that seq has no gaps and no repeats. A larger
 * payload is written once, before, and referred to.
 *
 * <p>SPDX-License-Identifier: MIT
 */
final class Event {
    long seq;
    long value;
    byte[] payload;
}
