using System.IO.Compression;
using System.Xml.Linq;
using Cassini.Tests.Cli;
using Cassini.Tests.Docs;
using Cassini.Tests.Support;

namespace Cassini.Tests.Deploy;

/// <summary>The packages of the libraries: what they depend on, and what a package source shows of them.</summary>
public sealed class PackageTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("Cassini.Client", "Microsoft.Extensions.Diagnostics.HealthChecks", "System.Reactive")]
    [InlineData(
        "Cassini.Streams",
        "BouncyCastle.Cryptography", "Cassini.Client", "Microsoft.Data.Sqlite", "Microsoft.Extensions.Diagnostics.HealthChecks",
        "Microsoft.Extensions.Hosting.Abstractions", "Microsoft.Extensions.Logging.Abstractions", "NATS.Client.Core",
        "SQLitePCLRaw.bundle_e_sqlite3", "System.Reactive")]
    [InlineData(
        "Cassini.Management",
        "Cassini.Streams", "Grpc.AspNetCore.Server", "Grpc.HealthCheck", "Markdig", "Microsoft.AspNetCore.OpenApi", "OpenTelemetry",
        "OpenTelemetry.Exporter.OpenTelemetryProtocol")]
    public async Task Package_OfALibrary_SaysWhatItIsAndDependsOn(string project, params string[] dependencies)
    {
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        await using var pack = ChildProcess.Start(
            "dotnet",
            [
                "pack", project, "--no-build", "-c", configuration, "-o", _directory.Path,
                $"-p:NuspecOutputPath={_directory.File("nuspec/")}",
            ],
            Repository.Root,
            ("MSBUILDDISABLENODEREUSE", "1"),
            ("DOTNET_CLI_USE_MSBUILD_SERVER", "0"));
        (await pack.ExitCodeAsync("it packs", Patience)).ShouldBe(0, $"{pack.Out} {pack.Error}");

        var file = Directory.GetFiles(_directory.Path, "*.nupkg").ShouldHaveSingleItem();
        File.Exists(Path.ChangeExtension(file, ".snupkg")).ShouldBeTrue("its symbols");
        using var package = ZipFile.OpenRead(file);
        package.Entries.Select(entry => entry.FullName).Where(name => name.StartsWith("lib/", StringComparison.Ordinal)).Order()
            .ShouldBe([$"lib/net10.0/{project}.dll", $"lib/net10.0/{project}.xml"]);
        package.GetEntry("README.md").ShouldNotBeNull();

        var about = XDocument.Load(package.GetEntry($"{project}.nuspec")!.Open()).Root!.Elements().Single();
        Text(about, "license").ShouldBe("MIT");
        Text(about, "readme").ShouldBe("README.md");
        Text(about, "tags").ShouldContain("mqtt");
        Text(about, "description").ShouldNotBeEmpty();
        about.Descendants().Where(element => element.Name.LocalName == "dependency").Select(element => element.Attribute("id")!.Value)
            .Order(StringComparer.Ordinal).ShouldBe(dependencies);
    }

    private static string Text(XElement about, string name) =>
        about.Elements().Single(element => element.Name.LocalName == name).Value;
}
