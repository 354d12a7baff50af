using System.Runtime.InteropServices;

namespace Cassini.Load;

/// <summary>
/// Lets a reader that gets few packets at a time rest before it reads again, as a network card moderates its interrupts. A broker
/// that writes each message by itself would wake the generator for each, and the wakes would take more of the shared cores than the
/// messages. Rests are so short that the window does not notice, and none where packets come in masses. Not for latencies.
/// </summary>
internal struct Moderation
{
    private const int Few = 16;
    private const int Many = 64;
    private const uint LeastMicroseconds = 64;
    private const uint MostMicroseconds = 256;
    private uint _microseconds;

    /// <param name="packets">That the last read brought.</param>
    public void Rest(int packets)
    {
        if (packets < Few)
        {
            _microseconds = Math.Clamp(_microseconds * 2, LeastMicroseconds, MostMicroseconds);
        }
        else if (packets > Many)
        {
            _microseconds = _microseconds > LeastMicroseconds ? _microseconds / 2 : 0;
        }

        if (_microseconds > 0)
        {
            // The runtime's own waits begin at a millisecond.
            _ = Sleep(_microseconds);
        }
    }

    [DllImport("libc", EntryPoint = "usleep")]
    private static extern int Sleep(uint microseconds);
}
