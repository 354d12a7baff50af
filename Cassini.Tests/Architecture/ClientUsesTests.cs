namespace Cassini.Tests.Architecture;

/// <summary>A controller takes the client without the broker, its store and its cryptography: decision 44.</summary>
public class ClientUsesTests
{
    private static readonly string Framework = Path.GetDirectoryName(typeof(object).Assembly.Location)!;

    [Fact]
    public void Client_PackagesThatItNeeds_AreFew() => ProductAssemblies.Client.GetReferencedAssemblies()
        .Select(reference => reference.Name!)
        .Where(name => !File.Exists(Path.Combine(Framework, $"{name}.dll")))
        .Order(StringComparer.Ordinal)
        .ShouldBe(["System.Reactive"]);
}
