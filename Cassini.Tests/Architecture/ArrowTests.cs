using Cassini.Tests.Architecture.Specimens.Alpha;
using Cassini.Tests.Architecture.Specimens.Innocent;

namespace Cassini.Tests.Architecture;

/// <summary>The walk sees what it must see: each specimen uses the other room in one way only.</summary>
public class ArrowTests
{
    private const string Root = "Cassini.Tests.Architecture.Specimens";

    public static TheoryData<Type> Users =>
        [.. typeof(StaticCall).Assembly.GetTypes().Where(type => type is { Namespace: Root + ".Alpha", DeclaringType: null })];

    [Theory]
    [MemberData(nameof(Users))]
    public void Use_OfAnotherRoom_IsSeen(Type user)
    {
        var arrows = Arrow.Among(TypeReferences.WithNested(user), Root).ToList();
        arrows.ShouldNotBeEmpty();
        arrows.ShouldAllBe(arrow => arrow.From == "Alpha" && arrow.To == "Beta");
        arrows[0].ToString().ShouldStartWith($"Alpha → Beta: {user.FullName}");
    }

    // A constructor calls its base and sets its fields, so that these would be seen in its body too.
    [Theory]
    [InlineData(typeof(BaseType), "its base type")]
    [InlineData(typeof(Field), "field Used")]
    [InlineData(typeof(Lambda), "method <Use>b__0")]
    public void Use_OfAnotherRoom_IsSeenWhereItIs(Type user, string where) =>
        Arrow.Among(TypeReferences.WithNested(user), Root).Select(arrow => arrow.Where).ShouldContain(where);

    [Fact]
    public void Specimens_AreFoundByTheirNamespace() => Users.Count.ShouldBeGreaterThan(30);

    [Fact]
    public void Use_OfItsOwnRoomAndOfLibraries_IsNoArrow() =>
        Arrow.Among(TypeReferences.WithNested(typeof(UsesOnlyItsOwnRoom)), Root).ShouldBeEmpty();

    [Theory]
    [InlineData(typeof(StaticCall), "Alpha")]
    [InlineData(typeof(ArrowTests), null)]
    [InlineData(typeof(int), null)]
    public void Room_OfAType_IsTheNamespaceBelowTheRoot(Type type, string? room) => Arrow.RoomOf(type, Root).ShouldBe(room);

    [Fact]
    public void Room_OfTheRootItself_IsOneToo() => Arrow.RoomOf(typeof(ArrowTests), "Cassini.Tests.Architecture").ShouldBe(Arrow.RootRoom);

    [Fact]
    public void Room_OfASubNamespace_IsTheRoom() => Arrow.RoomOf(typeof(StaticCall), "Cassini.Tests").ShouldBe("Architecture");
}
