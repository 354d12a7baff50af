using System.Reactive;
using System.Reactive.Linq;
using Microsoft.Reactive.Testing;
using Xunit.Sdk;

namespace Cassini.Tests.VirtualTime;

/// <summary>What the package Microsoft.Reactive.Testing documents of recordings and of comparing them.</summary>
public class RecordingTests : ReactiveTest
{
    private static readonly Exception Boom = new InvalidOperationException("boom");

    public static TheoryData<Recorded<Notification<int>>, Recorded<Notification<int>>, bool> Pairs => new()
    {
        { OnNext(10, 1), OnNext(10, 1), true },
        { OnNext(10, 1), OnNext(11, 1), false },
        { OnNext(10, 1), OnNext(10, 2), false },
        { OnCompleted<int>(10), OnCompleted(10, 0), true },
        { OnCompleted<int>(10), OnNext(10, 0), false },
        { OnError<int>(10, Boom), OnError(10, Boom, 0), true },
        { OnError<int>(10, Boom), OnError<int>(10, new InvalidOperationException("boom")), false },
        { OnNext<int>(10, x => x > 0), OnNext(10, 1), true },
        { OnNext<int>(10, x => x > 0), OnNext(10, 0), false },
        { OnNext<int>(10, x => x > 0), OnNext(11, 1), false },
        { OnNext<int>(10, _ => true), OnCompleted<int>(10), false },
        { OnError<int>(10, e => e.Message == "boom"), OnError<int>(10, Boom), true },
        { OnError(10, e => e.Message == "bang", 0), OnError<int>(10, Boom), false },
        { OnError<int>(10, _ => true), OnNext(10, 1), false },
    };

    [Theory]
    [MemberData(nameof(Pairs), DisableDiscoveryEnumeration = true)]
    public void Notification_Compared_IsEqualByTimeKindAndValue(
        Recorded<Notification<int>> expected, Recorded<Notification<int>> actual, bool equal)
    {
        (expected == actual).ShouldBe(equal);
        (expected != actual).ShouldBe(!equal);
        expected.Equals((object)actual).ShouldBe(equal);
        (Record.Exception(() => new[] { actual }.AssertEqual(expected)) is null).ShouldBe(equal);
    }

    [Fact]
    public void Subscription_Compared_IsEqualByBothTimes()
    {
        Subscribe(1, 2).ShouldBe(new Subscription(1, 2));
        Subscribe(1).ShouldBe(new Subscription(1, Subscription.Infinite));
        (Subscribe(1, 2) == Subscribe(1, 3)).ShouldBeFalse();
        (Subscribe(1, 2) != Subscribe(0, 2)).ShouldBeTrue();
    }

    [Fact]
    public void Texts_Show_ValueAtTimeAndInfinity()
    {
        OnNext(10, 1).ToString().ShouldBe("OnNext(1)@10");
        Subscribe(1, 2).ToString().ShouldBe("(1, 2)");
        Subscribe(1).ToString().ShouldBe("(1, Infinite)");
    }

    [Fact]
    public void AssertEqual_OtherLengthOrOrder_FailsAndShowsBoth()
    {
        var actual = new[] { OnNext(10, 1), OnNext(20, 2) };
        actual.AssertEqual(OnNext(10, 1), OnNext(20, 2));

        Should.Throw<FailException>(() => actual.AssertEqual(OnNext(10, 1)));
        Should.Throw<FailException>(() => actual.AssertEqual(OnNext(10, 1), OnNext(20, 2), OnNext(30, 3)));
        var failure = Should.Throw<FailException>(() => actual.AssertEqual(OnNext(20, 2), OnNext(10, 1)));
        failure.Message.ShouldContain("OnNext(2)@20, OnNext(1)@10");
        failure.Message.ShouldContain("OnNext(1)@10, OnNext(2)@20");
    }

    [Fact]
    public void AssertEqual_Observables_ComparesValuesAndTheEnd()
    {
        Observable.Range(1, 3).AssertEqual(Observable.Range(1, 3));
        Should.Throw<FailException>(() => Observable.Range(1, 3).AssertEqual(Observable.Range(1, 2)));
        Should.Throw<FailException>(() => Observable.Return(1).AssertEqual(Observable.Return(1).Concat(Observable.Throw<int>(Boom))));
    }

    [Fact]
    public void Predicate_UsedAsANotification_Throws()
    {
        var predicate = OnNext<int>(10, _ => true).Value;
        Should.Throw<NotSupportedException>(() => predicate.Kind);
        Should.Throw<NotSupportedException>(() => predicate.Accept(Observer.Create<int>(_ => { })));
    }
}
