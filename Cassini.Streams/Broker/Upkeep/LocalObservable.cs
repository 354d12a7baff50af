using Cassini.Streams.Broker.Model;

namespace Cassini.Streams.Broker.Upkeep;

/// <summary>
/// The messages whose topics match a filter, for observers in this process. Not made by <c>Observable.Create</c>: that would silence
/// an observer which throws, so that it could not be given its error.
/// </summary>
internal sealed class LocalObservable(LocalObservers observers, string filter) : IObservable<MqttMessage>
{
    public IDisposable Subscribe(IObserver<MqttMessage> observer)
    {
        ArgumentNullException.ThrowIfNull(observer);
        return observers.Start(filter, observer);
    }
}
