using System.Reflection;
using Cassini.Streams.Events;

namespace Cassini.Tests.Architecture;

public class RoomsTests
{
    private static readonly Assembly Streams = typeof(BrokerEvent).Assembly;

    [Fact]
    public void Types_OfStreams_LiveInARoomOfTheTable() =>
        Streams.GetTypes()
            .Where(type => !Conventions.IsGenerated(type) && !RoomTable.Design.Has(Arrow.RoomOf(type, RoomTable.Root)))
            .Select(type => type.FullName)
            .ShouldBeEmpty("a type outside the rooms answers to no rule");

    [Fact]
    public void Arrows_BetweenRooms_AreThoseOfTheTable() =>
        Forbidden(RoomTable.Design).ShouldBeEmpty("the design's table lacks these arrows");

    [Theory]
    [InlineData("Health", "Events")]
    public void Arrows_TableLacksOneThatIsInUse_AreReported(string from, string to)
    {
        var forbidden = Forbidden(RoomTable.Design.Without(from, to));
        forbidden.ShouldNotBeEmpty();
        forbidden.ShouldAllBe(arrow => arrow.From == from && arrow.To == to);
    }

    [Fact]
    public void Table_Followed_NeverComesBack()
    {
        string[] rooms = ["Settings", "Events", "Health", "Supervision", "Tls", "Listening", "Mqtt", "Broker", "Store", "Probing", "Feed"];
        foreach (var room in rooms)
        {
            var reached = new HashSet<string>();
            var next = new Queue<string>([room]);
            while (next.TryDequeue(out var from))
            {
                foreach (var to in rooms.Where(to => Allowed(from, to) && reached.Add(to)))
                {
                    next.Enqueue(to);
                }
            }

            reached.ShouldNotContain(room);
        }

        static bool Allowed(string from, string to) =>
            RoomTable.Design.Allows(new Arrow(from, to, typeof(object), "", typeof(object)));
    }

    private static List<Arrow> Forbidden(RoomTable table) =>
        [.. Arrow.Among(Streams.GetTypes(), RoomTable.Root).Where(arrow => !table.Allows(arrow))];
}
