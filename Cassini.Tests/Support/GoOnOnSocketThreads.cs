using System.Runtime.CompilerServices;
using Cassini.Streams.Primitives;

namespace Cassini.Tests.Support;

/// <summary>
/// What waits for a socket goes on on the socket's thread in the tests too, as in <c>cassini serve</c>: where something that may take long
/// runs there, <see cref="SocketThread.Forbid"/> makes it fail.
/// </summary>
internal static class GoOnOnSocketThreads
{
    [ModuleInitializer]
    internal static void Begin() => SocketThread.GoOnThere();
}
