using System.Collections.Immutable;
using Cassini.Harness.Clients;
using Cassini.Streams.Events;

namespace Cassini.Web.Cli.Watching;

/// <summary>What the command line asks for.</summary>
/// <param name="Target">The broker to watch.</param>
/// <param name="Types">The families of events to show.</param>
/// <param name="Json">Lines even at a terminal.</param>
/// <param name="Record">The file that everything is written to; null for none.</param>
internal sealed record WatchRequest(ManagementAddress Target, ImmutableArray<EventCategory> Types, bool Json, string? Record);
