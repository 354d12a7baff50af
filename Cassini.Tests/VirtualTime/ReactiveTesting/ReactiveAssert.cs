using System.Reactive.Linq;

namespace Microsoft.Reactive.Testing;

/// <summary>Comparison of recordings, with a message that shows both.</summary>
public static class ReactiveAssert
{
    /// <summary>Fails unless both hold equal elements in the same order.</summary>
    public static void AreElementsEqual<T>(IEnumerable<T> expected, IEnumerable<T> actual)
    {
        ArgumentNullException.ThrowIfNull(expected);
        ArgumentNullException.ThrowIfNull(actual);
        var expectedItems = expected.ToList();
        var actualItems = actual.ToList();

        // The expected side is asked whether it equals: that is how an expectation by predicate gets its say.
        if (!expectedItems.SequenceEqual(actualItems))
        {
            Assert.Fail($"Expected: [{string.Join(", ", expectedItems)}]{Environment.NewLine}Actual..: [{string.Join(", ", actualItems)}]");
        }
    }

    /// <summary>Fails unless both send equal notifications; waits for the end of both.</summary>
    public static void AreElementsEqual<T>(IObservable<T> expected, IObservable<T> actual)
    {
        ArgumentNullException.ThrowIfNull(expected);
        ArgumentNullException.ThrowIfNull(actual);
        AreElementsEqual(expected.Materialize().ToEnumerable(), actual.Materialize().ToEnumerable());
    }

    /// <summary>Fails unless <paramref name="actual"/> holds exactly the expected elements.</summary>
    public static void AssertEqual<T>(this IEnumerable<T> actual, IEnumerable<T> expected) => AreElementsEqual(expected, actual);

    /// <summary>Fails unless <paramref name="actual"/> holds exactly the expected elements.</summary>
    public static void AssertEqual<T>(this IEnumerable<T> actual, params T[] expected) => AreElementsEqual(expected, actual);

    /// <summary>Fails unless both send equal notifications; waits for the end of both.</summary>
    public static void AssertEqual<T>(this IObservable<T> actual, IObservable<T> expected) => AreElementsEqual(expected, actual);
}
