namespace Cassini.Tests.Architecture;

/// <summary>A controller takes the client without the broker, its store and its cryptography: decision 45.</summary>
public class ClientUsesTests
{
    private static readonly string Framework = Path.GetDirectoryName(typeof(object).Assembly.Location)!;

    [Fact]
    public void Client_PackagesThatItNeeds_AreFew() => ProductAssemblies.Client.GetReferencedAssemblies()
        .Select(reference => reference.Name!)
        .Where(name => !File.Exists(Path.Combine(Framework, $"{name}.dll")))
        .Order(StringComparer.Ordinal)
        .ShouldBe(
            [
                // Of AddCassiniFeed; the framework of ASP.NET Core has them.
                "Microsoft.Extensions.DependencyInjection.Abstractions",
                "Microsoft.Extensions.Diagnostics.HealthChecks",
                "Microsoft.Extensions.Diagnostics.HealthChecks.Abstractions",
                "Microsoft.Extensions.Hosting.Abstractions",
                "System.Reactive",
            ]);
}
