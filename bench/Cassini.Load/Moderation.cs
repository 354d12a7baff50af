using System.Runtime.InteropServices;

namespace Cassini.Load;

/// <summary>
/// Lets a reader that gets little at a time rest before it reads again, as a network card moderates its interrupts. A broker
/// that writes each message by itself would wake the generator for each, and the wakes would take more of the shared cores than the
/// messages. Rests are so short that the window does not notice, and none where packets come in masses. Not for latencies.
/// </summary>
/// <param name="readers">How many readers share the load. The wakes of all of them count, so each may rest longer.</param>
internal struct Moderation(int readers)
{
    private const int Few = 16;
    private const int FewBytes = 2_048;
    private const int Many = 64;
    private const uint LeastMicroseconds = 64;
    private const uint MostMicrosecondsOfOne = 256;
    private readonly uint _most = MostMicrosecondsOfOne * (uint)readers;
    private uint _microseconds;

    /// <param name="reader">The reader, which has just read.</param>
    public void Rest(PacketReader reader)
    {
        if (reader.Packets < Few && reader.Bytes < FewBytes)
        {
            _microseconds = Math.Clamp(_microseconds * 2, LeastMicroseconds, _most);
        }
        else if (reader.Packets > Many || reader.Bytes > 2 * FewBytes)
        {
            _microseconds = _microseconds > LeastMicroseconds ? _microseconds / 2 : 0;
        }

        if (_microseconds > 0)
        {
            // The runtime has no wait below a millisecond.
            _ = Sleep(_microseconds);
        }
    }

    [DllImport("libc", EntryPoint = "usleep")]
    private static extern int Sleep(uint microseconds);
}
