namespace Cassini.Tests.Architecture;

/// <summary>What nodes say to each other could be carried by another engine: only one room knows NATS.Net (decision 48).</summary>
public class NatsUsesTests
{
    private const string Room = "Cassini.Streams.Nats";

    [Fact]
    public void Types_ThatUseNatsNet_AreInItsRoom()
    {
        var users = ProductAssemblies.All
            .SelectMany(assembly => assembly.GetTypes())
            .Where(type => TypeReferences.Of(type).Any(reference => IsOfNatsNet(reference.Used)))
            .ToList();
        users.ShouldNotBeEmpty();
        users.Where(type => type.Namespace != Room).Select(type => type.FullName).ShouldBeEmpty();
    }

    [Fact]
    public void Types_OfTheRoomOnThePublicSurface_DoNotShowIt() => ProductAssemblies.Streams.GetExportedTypes()
        .Where(type => type.Namespace == Room)
        .Select(type => type.Name)
        .ShouldBe(["NatsOptions"]);

    private static bool IsOfNatsNet(Type type) => type.Assembly.GetName().Name!.StartsWith("NATS.", StringComparison.Ordinal);
}
