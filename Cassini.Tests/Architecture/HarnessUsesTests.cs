using Cassini.Streams.Health;

namespace Cassini.Tests.Architecture;

/// <summary>The harness is a client of the broker: what it uses of the broker's library is decision 30.</summary>
public class HarnessUsesTests
{
    private static readonly Type[] Used = [.. ProductAssemblies.Harness.GetTypes()
        .SelectMany(type => TypeReferences.Of(type))
        .Select(reference => reference.Used)
        .Where(used => used.Assembly == ProductAssemblies.Client || used.Assembly == ProductAssemblies.Streams)
        .Where(used => !Conventions.IsGenerated(used))
        .Distinct()];

    [Fact]
    public void Rooms_OfStreams_AreThoseOfAClient() => Used
        .Where(used => used != typeof(HealthSnapshot)) // What the feed reports.
        .Select(used => used.Namespace).Distinct().Order()
        .ShouldBe(
            [
                "Cassini.Streams.Events",
                "Cassini.Streams.Feed",
                "Cassini.Streams.Fleet",
                "Cassini.Streams.Primitives",
                "Cassini.Streams.Tls",
                "Cassini.Streams.Tls.Files",
            ]);

    [Fact]
    public void Internals_OfStreamsButPrimitives_AreFew() => Used
        .Where(used => !used.IsVisible && used.Namespace != "Cassini.Streams.Primitives")
        .Select(used => used.Name).Order()
        .ShouldBe(["HttpFeedTransport", "PemCertificates", "TlsFile"]);
}
