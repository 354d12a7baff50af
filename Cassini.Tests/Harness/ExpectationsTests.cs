using Cassini.Harness.Load;
using Cassini.Harness.Plans;
using Cassini.Harness.Results;

namespace Cassini.Tests.Harness;

public class ExpectationsTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly SubscriberCounts Good = new()
    {
        Received = 10,
        Unique = 10,
        First = Second,
        Last = 9 * Second,
        LongestGap = Second,
        Satisfied = 5 * Second,
    };

    private static readonly PlanExpectation All = new()
    {
        AtLeast = 10,
        Within = 5 * Second,
        NoDuplicates = true,
        OrderPerKey = true,
        MaxGap = 2 * Second,
        NoLoss = true,
    };

    [Fact]
    public void Judge_AllAsExpected_Passes()
    {
        var results = Judge(All, Good);

        results.Select(result => result.Name)
            .ShouldBe(["atLeast", "noCorruption", "allowForeign", "noDuplicates", "orderPerKey", "noLoss", "maxGap"]);
        results.ShouldAllBe(result => result.Passed);
    }

    [Fact]
    public void Judge_NothingAsExpected_FailsEachWithWhatWasSeen()
    {
        var results = Judge(
            All,
            new SubscriberCounts
            {
                Unique = 9,
                Duplicates = 1,
                Corrupt = 2,
                Foreign = 3,
                OutOfOrder = 4,
                Last = 9 * Second,
                LongestGap = 3 * Second,
            },
            missing: 1_234);

        results.ShouldAllBe(result => !result.Passed);
        results.Select(result => result.Seen).ShouldBe(["9", "2", "3", "1", "4", "1,234", "the longest is 3 s"]);
    }

    [Fact]
    public void Judge_EnoughTooLate_Fails() =>
        Judge(All, Good with { Satisfied = 6 * Second })[0].ShouldBe(
            new ExpectationResult("atLeast", "at least 10 within 5 s", "10 after 6 s", false));

    [Fact]
    public void Judge_SilenceBeforeThePublishersEnd_IsAGap() =>
        Judge(All, Good with { Last = 6 * Second }).Single(result => !result.Passed).Name.ShouldBe("maxGap");

    [Fact]
    public void Judge_NothingAsked_StillWantsNoDamageAndNoForeigners() =>
        Judge(new PlanExpectation(), new SubscriberCounts()).Select(result => result.Name).ShouldBe(["noCorruption", "allowForeign"]);

    [Fact]
    public void Judge_NothingArrivedAndNothingWanted_Passes() =>
        Judge(new PlanExpectation { AtLeast = 0 }, new SubscriberCounts()).ShouldAllBe(result => result.Passed);

    private static IReadOnlyList<ExpectationResult> Judge(PlanExpectation expect, SubscriberCounts seen, long missing = 0) =>
        Expectations.Judge(new PlanSubscriber { Index = 0, Name = "s", Topic = "t", Expect = expect }, seen, missing, 9 * Second);
}
