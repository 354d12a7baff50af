using System.Text.Json.Serialization.Metadata;
using Cassini.Management.Control;
using Cassini.Management.Feed;
using Cassini.Management.Http;
using Cassini.Management.Messages;
using Cassini.Management.Probes;
using Cassini.Management.Tables;
using Cassini.Streams.Fleet;
using Cassini.Streams.Health;

namespace Cassini.Management;

/// <summary>How every answer is written, for the document that describes them where reflection cannot: in native code.</summary>
internal static class ManagementShapes
{
    public static IReadOnlyList<IJsonTypeInfoResolver> All { get; } =
    [
        HealthJson.Options.TypeInfoResolver!,
        FleetJson.Snapshot.Options.TypeInfoResolver!,
        ProbeJsonContext.Default,
        TableJsonContext.Default,
        StateNameJsonContext.Default,
        FeedJsonContext.Default,
        MessageJsonContext.Default,
        RemedyJsonContext.Default,
        LogLevelJsonContext.Default,
        ManagementJsonContext.Default,
    ];
}
