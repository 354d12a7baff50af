using System.Net.Sockets;
using Cassini.Streams.Supervision;

namespace Cassini.Tests.Supervision;

public class ProcessShortageTests
{
    public static TheoryData<Exception, bool> Crashes => new()
    {
        { new OutOfMemoryException(), true },
        { new InsufficientMemoryException(), true },
        { new IOException("no more", new SocketException((int)SocketError.TooManyOpenSockets)), true },
        { new SocketException((int)SocketError.NoBufferSpaceAvailable), true },
        { new AggregateException(new InvalidOperationException(), new OutOfMemoryException()), true },
        { new TypeInitializationException("Any", new OutOfMemoryException()), true },
        { new InvalidOperationException("boom"), false },
        { new SocketException((int)SocketError.ConnectionReset), false },
    };

    [Theory]
    [MemberData(nameof(Crashes))]
    public void Caused_AnyCrash_IsAShortageOnlyWhereTheProcessRanOut(Exception crash, bool expected) =>
        ProcessShortage.Caused(crash).ShouldBe(expected);
}
